export { NativeStack } from "./native-stack.ts";
export { Processes } from "./processes.ts";
export { serverBinary } from "./restate-server.ts";
