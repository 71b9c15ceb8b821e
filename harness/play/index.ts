export { Play, PORTS, type Ports } from "./play.ts";
