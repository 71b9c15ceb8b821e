import * as messages from "./messages.ts";
import type { Message } from "./schema.ts";

/** Type numbers of the protocol's messages, by the name that `messageName` gives. */
export const MessageType = {
  Start: 0x0000,
  Suspension: 0x0001,
  Error: 0x0002,
  End: 0x0003,
  CommandAck: 0x0004,
  ProposeRunCompletion: 0x0005,

  Input: 0x0400,
  Output: 0x0401,
  GetLazyState: 0x0402,
  SetState: 0x0403,
  ClearState: 0x0404,
  ClearAllState: 0x0405,
  GetLazyStateKeys: 0x0406,
  GetEagerState: 0x0407,
  GetEagerStateKeys: 0x0408,
  GetPromise: 0x0409,
  PeekPromise: 0x040a,
  CompletePromise: 0x040b,
  Sleep: 0x040c,
  Call: 0x040d,
  OneWayCall: 0x040e,
  SendSignal: 0x0410,
  Run: 0x0411,
  AttachInvocation: 0x0412,
  GetInvocationOutput: 0x0413,
  CompleteAwakeable: 0x0414,

  GetLazyStateCompletion: 0x8002,
  GetLazyStateKeysCompletion: 0x8006,
  GetPromiseCompletion: 0x8009,
  PeekPromiseCompletion: 0x800a,
  CompletePromiseCompletion: 0x800b,
  SleepCompletion: 0x800c,
  CallCompletion: 0x800d,
  CallInvocationId: 0x800e,
  RunCompletion: 0x8011,
  AttachInvocationCompletion: 0x8012,
  GetInvocationOutputCompletion: 0x8013,
  Signal: 0xfbff,
} as const;

export type MessageName = keyof typeof MessageType;
export type MessageTypeNumber = (typeof MessageType)[MessageName];

const names = new Map<number, MessageName>(
  Object.entries(MessageType).map(([name, type]) => [type, name as MessageName]),
);

/** The protocol's name of a message type, e.g. "Run", "RunCompletion", "Signal"; "0x1234" for one that is unknown. */
export const messageName = (type: number): string => names.get(type) ?? `0x${type.toString(16).padStart(4, "0")}`;

/** Commands are what the code did, in order: together with the notifications they are the journal. */
export const isCommand = (type: number): boolean => type >= 0x0400 && type < 0x8000;

/** Notifications carry results: of commands by completion id, or of signals. */
export const isNotification = (type: number): boolean => type >= 0x8000 && type < 0xfc00;

const codecs = {
  Start: messages.Start,
  Suspension: messages.Suspension,
  Error: messages.ErrorMessage,
  End: messages.End,
  CommandAck: messages.CommandAck,
  ProposeRunCompletion: messages.ProposeRunCompletion,

  Input: messages.Input,
  Output: messages.Output,
  GetLazyState: messages.GetLazyState,
  SetState: messages.SetState,
  ClearState: messages.ClearState,
  ClearAllState: messages.ClearAllState,
  GetLazyStateKeys: messages.GetLazyStateKeys,
  GetEagerState: messages.GetEagerState,
  GetEagerStateKeys: messages.GetEagerStateKeys,
  GetPromise: messages.GetPromise,
  PeekPromise: messages.PeekPromise,
  CompletePromise: messages.CompletePromise,
  Sleep: messages.Sleep,
  Call: messages.Call,
  OneWayCall: messages.OneWayCall,
  SendSignal: messages.SendSignal,
  Run: messages.Run,
  AttachInvocation: messages.AttachInvocation,
  GetInvocationOutput: messages.GetInvocationOutput,
  CompleteAwakeable: messages.CompleteAwakeable,

  GetLazyStateCompletion: messages.Notification,
  GetLazyStateKeysCompletion: messages.Notification,
  GetPromiseCompletion: messages.Notification,
  PeekPromiseCompletion: messages.Notification,
  CompletePromiseCompletion: messages.Notification,
  SleepCompletion: messages.Notification,
  CallCompletion: messages.Notification,
  CallInvocationId: messages.Notification,
  RunCompletion: messages.Notification,
  AttachInvocationCompletion: messages.Notification,
  GetInvocationOutputCompletion: messages.Notification,
  Signal: messages.Notification,
} satisfies Record<MessageName, Message<object>>;

type ContentOf<C> = C extends Message<infer M> ? M : never;

/** What a message of each name holds, e.g. `Content["Run"]`. */
export type Content = { [N in MessageName]: ContentOf<(typeof codecs)[N]> };

/** What a message of a type number holds. */
export type ContentOfType<T extends MessageTypeNumber> = {
  [N in MessageName]: (typeof MessageType)[N] extends T ? Content[N] : never;
}[MessageName];

/** The codec of a message type; throws an error that names a type that is unknown. */
export function codecOf(type: number): Message<object> {
  const name = names.get(type);
  if (name === undefined) throw new Error(`unknown message type ${messageName(type)} of the Restate service protocol`);
  return codecs[name];
}
