/**
 * A plan says what will be done: operations that clients invoke and faults that strike at logical moments.
 *
 * It is plain JSON, needs no generator to be replayed, and never names a wall-clock instant. Ids that belong to one
 * case are written with a leading `@` ("@p1"): every run replaces the sign by a tag of its own, so that many cases
 * share a stack without meeting, and the history is written with the sign again.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A handler of a Restate service, or (with `app`) a route of a front HTTP app: there `handler` is "POST /path". */
export type Call = { service: string; handler: string; key?: string } | { app: string; handler: string };

/**
 * - `call`: invoke and wait for the answer
 * - `send`: invoke one way; the answer is the acceptance
 * - `attach`: wait for the result of the invocation that operation `of` made
 * - `cancel`, `terminate`: end that invocation, through Restate's admin API (terminate is its "kill")
 */
export type Mode = "call" | "send" | "attach" | "cancel" | "terminate";

/** One request of a client. A client performs its operations one after the other; clients overlap. */
export interface Operation {
  /** unique in the plan, e.g. "o3" */
  id: string;
  client: string;
  /** what the property calls it, e.g. "reserve" */
  kind: string;
  mode: Mode;
  /** call and send */
  call?: Call;
  input?: Json;
  idempotencyKey?: string;
  /** send: milliseconds until it is due */
  delay?: number;
  /** attach, cancel, terminate: the operation whose invocation is meant */
  of?: string;
  /** operations that must have completed (however) before this one is invoked */
  after?: string[];
  /** the moment at which it is invoked; if the run never comes there, when nothing else is left to do */
  at?: Moment;
  /** how often the client asks again, identically, when the connection breaks; 0 when absent */
  retries?: number;
}

/**
 * A logical place in a run. It always names an operation:
 * - `operation`: its invoke, or its completion
 * - `effect`: the `call`-th request that the operation's invocation (children included) makes to an external system;
 *   before it is applied, or after it is applied and before it is answered
 * - `message`: the `message`-th protocol message, in one direction, of the `attempt`-th attempt of the operation's
 *   invocation, or of its `child`-th child in the order of its calls
 * All counts begin at 1.
 */
export type Moment =
  | { at: "operation"; operation: string; point: "invoke" | "completion"; when: When }
  | { at: "effect"; operation: string; call: number; when: When }
  | {
      at: "message";
      operation: string;
      child?: number;
      attempt: number;
      direction: Direction;
      message: number;
      when: When;
    };
export type When = "before" | "after";
/** Seen from Restate: towards the service endpoint, or back from it. */
export type Direction = "to-endpoint" | "to-server";

/** What strikes, where, and (for faults that last) until when; without `heal` it lasts until the closing phase. */
export interface Fault {
  /** unique in the plan, e.g. "f1" */
  id: string;
  /** the name of a fault kind, e.g. "cut-reset" */
  kind: string;
  at: Moment;
  heal?: Moment;
}

/** An order that a failing run had and that a replay enforces: `first` happens before `second`. */
export interface Pin {
  first: Moment;
  second: Moment;
}

export interface Plan {
  operations: Operation[];
  faults: Fault[];
  pins?: Pin[];
  /** seed of what only a simulated run leaves to chance (latencies, order of events); real runs ignore it */
  schedule?: number;
}
