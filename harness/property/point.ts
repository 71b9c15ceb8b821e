import type { Moment, When } from "../plan/index.ts";

/** A place in a run, before or after which something happens. */
export type Point = Moment extends infer M ? (M extends Moment ? Omit<M, "when"> : never) : never;

/** An operation is invoked. */
export const invoked = (operation: string): Point => ({ at: "operation", operation, point: "invoke" });

/** The client of an operation has its answer, or gives up. */
export const answered = (operation: string): Point => ({ at: "operation", operation, point: "completion" });

/** The n-th call, from 1, that an operation's invocation makes to an external system, its children's included. */
export const externalCall = (operation: string, n: number): Point => ({ at: "effect", operation, call: n });

/** The n-th webhook, from 1, that follows from what an operation's invocation asked of external systems; after it: it was accepted. */
export const webhook = (operation: string, n: number): Point => ({ at: "webhook", operation, number: n });

/**
 * The n-th protocol message, from 1, of an attempt of an operation's invocation.
 * @param of whose attempt: by default the operation's own first one; and which way the message goes: by default to Restate
 */
export const message = (
  operation: string,
  n: number,
  {
    child,
    attempt = 1,
    direction = "to-server",
  }: { child?: number; attempt?: number; direction?: "to-endpoint" | "to-server" } = {},
): Point => ({
  at: "message",
  operation,
  ...(child !== undefined && { child }),
  attempt,
  direction,
  message: n,
});

export const before = (point: Point): Moment => moment(point, "before");
export const after = (point: Point): Moment => moment(point, "after");

const moment = (point: Point, when: When): Moment => ({ ...point, when });
