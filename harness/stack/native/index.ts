export { NativeStack } from "./native-stack.ts";
export { serverBinary } from "./restate-server.ts";
