export { NativeStack } from "./native-stack.ts";
export { freePort } from "./ports.ts";
export { Processes } from "./processes.ts";
export { RestateServer, serverBinary, TUNING } from "./restate-server.ts";
