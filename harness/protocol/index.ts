/**
 * The Restate service protocol, version 6: what passes between the server and a service endpoint.
 * Source of names and numbers: github.com/restatedev/service-protocol.
 */
export { decode, encode, type Frame, Framer, frameOf } from "./frame.ts";
export {
  type Content,
  isCommand,
  isNotification,
  type MessageName,
  MessageType,
  messageName,
} from "./types.ts";
