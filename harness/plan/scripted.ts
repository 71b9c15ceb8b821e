import type { Fault, Moment, Operation } from "./plan.ts";
import type { Request } from "./storm.ts";

/** Words for plans that are written by hand. Where none is named, the operation is "o1", the first of most of them. */

/** An operation of a client of its own. */
export const operation = (id: string, kind: string, request: Request, more: Partial<Operation> = {}): Operation => ({
  id,
  client: `c${id}`,
  kind,
  mode: "call",
  ...request,
  ...more,
});

/** The call-th call of the operation to an external system. */
export const atCall = (call: number, when: Moment["when"], operation = "o1"): Moment => ({
  at: "effect",
  operation,
  call,
  when,
});

export const atOperation = (
  operation: string,
  point: "invoke" | "completion",
  when: Moment["when"] = "after",
): Moment => ({ at: "operation", operation, point, when });

type MessageMoment = Extract<Moment, { at: "message" }>;

/** A message from the endpoint in the first attempt of the operation's own invocation, or what `more` says. */
export const atMessage = (
  message: number,
  when: Moment["when"],
  more: Partial<Pick<MessageMoment, "operation" | "child" | "attempt" | "direction">> = {},
): Moment => ({ at: "message", operation: "o1", attempt: 1, direction: "to-server", message, when, ...more });

export const fault = (id: string, kind: string, at: Moment, heal?: Moment): Fault => ({
  id,
  kind,
  at,
  ...(heal && { heal }),
});

/** An invocation is cancelled or terminated, by a client of its own. */
export const ending = (mode: "cancel" | "terminate", id: string, at: Moment, of = "o1"): Operation => ({
  id,
  client: `c${id}`,
  kind: mode,
  mode,
  of,
  at,
});
