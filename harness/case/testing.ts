/** Makes attempts and messages of the service protocol, for the tests of whatever listens to the traffic. */
import { decode, encode, type MessageName, MessageType } from "../protocol/index.ts";
import { type Attempt, type Message, OPERATION_HEADER } from "../stack/index.ts";

/** @param target "service/key/handler" */
export function attempt(invocation: string, target: string, number = 1): Attempt {
  const [service, key, handler] = target.split("/") as [string, string, string];
  return { invocation, service, handler, ...(key !== "" && { key }), number };
}

/** A message that has been over the wire. */
export function message<N extends MessageName>(
  name: N,
  direction: Message["direction"],
  content: Parameters<typeof encode<(typeof MessageType)[N]>>[1],
  index = 1,
): Message {
  const type: number = MessageType[name];
  const body = encode(MessageType[name], content).subarray(8);
  return { direction, index, type, name, decode: () => decode(type, body) };
}

/** The input of an invocation, with the name of the operation that a client performs, if it is a client's. */
export function input(operation?: string, value = ""): Message {
  const header = { key: OPERATION_HEADER, value: operation ?? "" };
  const content = { headers: operation === undefined ? [] : [header], value: { content: Buffer.from(value) } };
  return message("Input", "to-endpoint", content, 2);
}

/** @param idIndex where the child's invocation id will be answered */
export function callCommand(
  target: string,
  idIndex: number,
  type: "Call" | "OneWayCall" = "Call",
  value = "",
): Message {
  const [service_name, key, handler_name] = target.split("/") as [string, string, string];
  const called = { service_name, handler_name, key, parameter: Buffer.from(value) };
  return message(type, "to-server", { ...called, invocation_id_notification_idx: idIndex });
}

export const childNamed = (idIndex: number, invocation_id: string): Message =>
  message("CallInvocationId", "to-endpoint", { completion_id: idIndex, invocation_id });
