import type { Json, Moment, Plan } from "../plan/index.ts";

/**
 * A history says what happened in one run of a plan, as plain JSON. Ids are written as in the plan ("@p1").
 * `at` is in milliseconds from the start of the case on the stack's clock. The order of `events` is the order in which
 * the harness saw them: one process writes them, so it is total.
 */
export interface History {
  plan: Plan;
  stack: string;
  events: HistoryEvent[];
  final: Final;
  /** the moments that the run came to, in their order: a replay can be held to it */
  moments?: Moment[];
}

export type HistoryEvent = OperationEvent | FaultEvent | LedgerEvent | AttemptEvent;

/**
 * The life of an operation: invoke, then exactly one of
 * - `ok`: the client got a success, `value` is the answer
 * - `fail`: a definite refusal with its HTTP status (4xx, 409, 500 of a terminal error)
 * - `info`: no answer or a transport error; it may have happened, may still happen, or never will
 */
export type OperationEvent =
  | { type: "invoke"; at: number; operation: string }
  | { type: "ok"; at: number; operation: string; value: Json; status?: number; invocation?: string }
  | { type: "fail"; at: number; operation: string; status: number; message: string; invocation?: string }
  | { type: "info"; at: number; operation: string; reason: string; invocation?: string };

/** `missed`: the plan asked for it and the run never came to its moment. */
export interface FaultEvent {
  type: "fault";
  at: number;
  fault: string;
  kind: string;
  phase: "struck" | "healed" | "missed";
  /** where it struck, for a reader: "o1 attempt 1, Run to the server" */
  detail?: string;
}

/**
 * The ledger: what external systems saw. `effect` is one change there; `repeat` is a call that the system answered
 * from memory (same key, same answer: no change); `refusal` is a call that it declined; `lapse` is a change by time.
 * `fault: "lost answer"` etc. are FaultEvents, not ledger events.
 */
export interface LedgerEvent {
  type: "effect" | "repeat" | "refusal" | "lapse";
  at: number;
  /** the external system, e.g. "flights" */
  system: string;
  /** what was asked, e.g. "reserve" */
  action: string;
  /** the key of the call, or of the thing that changed */
  key: string;
  /** what the change belongs to: the workflow or object key that the service sent along */
  reference?: string;
  /** the operation on whose behalf it happened, when it is known, and the attempt that made the call */
  operation?: string;
  invocation?: string;
  attempt?: number;
  data?: Json;
}

/** One attempt of an invocation, for timelines and for "replays deterministically". */
export interface AttemptEvent {
  type: "attempt";
  at: number;
  operation: string;
  /** the k-th child of the operation's invocation; absent for its own */
  child?: number;
  invocation: string;
  /** "service/handler", with the key */
  target: string;
  attempt: number;
  phase: "started" | "ended" | "suspended" | "failed" | "lost";
  /** phase failed: the error that the endpoint reported */
  code?: number;
  message?: string;
}

/** What stood at the end, once the stack was quiescent (or the bound ran out). */
export interface Final {
  quiescent: boolean;
  /** invocations that had not ended: "payments/@p1/makePayment: backing-off, 500 ..." */
  unfinished: string[];
  /** state of every object and workflow of the case: "accounts/@a1" -> { balance: 3 } */
  state: Record<string, Record<string, Json>>;
  /** how the invocation of each operation ended, learned after the fact, also when the client never heard */
  outcomes: Record<string, Outcome>;
  /** answers to the questions that the property asked at the very end, by their names */
  answers?: Record<string, Json>;
}
export type Outcome = { status: "succeeded"; value: Json } | { status: "failed"; code: number; message: string };
