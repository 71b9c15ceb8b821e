import type { Scheduler } from "../scheduler.ts";
import type { Handler, Handlers } from "./discovery.ts";
import type { Waiter } from "./invocation.ts";
import type { Outbox } from "./outbox.ts";
import type { Timers } from "./timers.ts";

/** A request to execute a handler. */
export interface Submission {
  /** stable; the invocation is called so, if this request is the one that makes it */
  name: string;
  handler: Handler;
  key: string | undefined;
  body: Uint8Array;
  headers: { key: string; value: string }[];
  idempotencyKey: string | undefined;
  /** milliseconds since the epoch; 0: at once */
  due: number;
  /** who wants the result; nobody: one way */
  waiter?: Waiter | undefined;
}

/** What the state machine of the server acts on, besides its own state. */
export interface Surface {
  readonly scheduler: Scheduler;
  readonly handlers: Handlers;
  readonly outbox: Outbox;
  readonly timers: Timers;
  readonly sdkVersion: string;
  /** when the run began, in milliseconds since the epoch */
  readonly epoch: number;
}
