import { z } from "zod";
import { type Json, Moment, Operation, Plan, Request } from "../plan/index.ts";

const json = z.json().transform((value): Json => value);
const at = z.number();
const operation = z.string();
const invocation = z.string().exactOptional();

/**
 * The life of an operation: invoke, then exactly one of
 * - `ok`: the client got a success, `value` is the answer
 * - `fail`: it definitely did not happen; the client got a refusal with this code
 * - `info`: unknown. No answer or a transport error; or somebody cancelled or terminated it while it may have acted, and
 *   `error` is what the client heard then. It may have happened, may still happen, or never will
 *
 * and perhaps, after all is over, `learned`: how its invocation ended, of which its client never heard.
 */
const OperationEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("invoke"),
    at,
    operation,
    /** what goes over the wire; absent for an operation about another */
    request: Request.exactOptional(),
    /** requests with the same identity are one request, made several times */
    identity: z.string().exactOptional(),
  }),
  z.strictObject({ type: z.literal("ok"), at, operation, value: json, invocation }),
  z.strictObject({ type: z.literal("fail"), at, operation, code: z.number(), message: z.string(), invocation }),
  z.strictObject({
    type: z.literal("info"),
    at,
    operation,
    reason: z.string(),
    error: z.strictObject({ code: z.number(), message: z.string() }).exactOptional(),
    invocation,
  }),
  z.strictObject({
    type: z.literal("learned"),
    at,
    operation,
    outcome: z.union([z.strictObject({ value: json }), z.strictObject({ code: z.number(), message: z.string() })]),
  }),
]);

/** `missed`: the plan asked for it and the run never came to its moment. */
const FaultEvent = z.strictObject({
  type: z.literal("fault"),
  at,
  fault: z.string(),
  kind: z.string(),
  phase: z.enum(["injected", "healed", "missed"]),
  /** where it was injected, for a reader: "o1 attempt 1, Run to the server" */
  detail: z.string().exactOptional(),
});

/** Everything is healed, and what is under way is left to end: whoever waits for what is not in the plan is released. */
const RecoveryEvent = z.strictObject({ type: z.literal("recovery"), at });

/**
 * The ledger: what external systems saw. `effect` is one change there; `repeat` is a call that the system answered
 * from memory (same key, same answer: no change); `refusal` is a call that it declined; `lapse` is a change by time.
 */
const LedgerEvent = z.strictObject({
  type: z.enum(["effect", "repeat", "refusal", "lapse"]),
  at,
  /** the external system, e.g. "flights" */
  system: z.string(),
  /** what was asked, e.g. "reserve" */
  action: z.string(),
  /** the key of the call, or of the thing that changed */
  key: z.string(),
  /** what the change belongs to: the workflow or object key that the service sent along */
  reference: z.string().exactOptional(),
  /** the operation on whose behalf it happened, when it is known, and the attempt that made the call */
  operation: z.string().exactOptional(),
  invocation,
  attempt: z.number().exactOptional(),
  data: json.exactOptional(),
});

/** One attempt of an invocation, for timelines and for "replays deterministically". */
const AttemptEvent = z.strictObject({
  type: z.literal("attempt"),
  at,
  operation,
  /** the k-th child of the operation's invocation; absent for its own */
  child: z.number().exactOptional(),
  invocation: z.string(),
  /** "service/handler", with the key */
  target: z.string(),
  attempt: z.number(),
  phase: z.enum(["started", "ended", "suspended", "failed", "lost"]),
  /** phase failed: the error that the endpoint reported */
  code: z.number().exactOptional(),
  message: z.string().exactOptional(),
});

/** A service process ended by its own doing: no fault did it. Another takes its place. */
const DeathEvent = z.strictObject({
  type: z.literal("death"),
  at,
  /** "exit code 1", "an error that nobody caught: ..." */
  how: z.string(),
  /** where in the sources, when it is known */
  place: z.string().exactOptional(),
  /** the last lines that it wrote */
  output: z.string().exactOptional(),
});

export const HistoryEvent = z.union([OperationEvent, FaultEvent, RecoveryEvent, LedgerEvent, AttemptEvent, DeathEvent]);

/** What stood at the end, once the stack was quiescent (or the bound ran out). */
export const Final = z.strictObject({
  quiescent: z.boolean(),
  /** invocations that had not ended: "payments/@p1/makePayment: backing-off, 500 ..." */
  unfinished: z.array(z.string()),
  /** state of every object and workflow of the case: "accounts/@a1" -> { balance: 3 } */
  state: z.record(z.string(), z.record(z.string(), json)),
});

/**
 * A history says what happened in one run of a plan, as plain JSON. Ids are written as in the plan ("@p1").
 * `at` is in milliseconds from the start of the case on the stack's clock. The order of `events` is the order in which
 * the harness saw them: one process writes them, so it is total.
 */
export const History = z.strictObject({
  plan: Plan,
  /** all that clients did: the plan's operations, then what the recovery phase and the audit added */
  operations: z.array(Operation),
  stack: z.string(),
  events: z.array(HistoryEvent),
  final: Final,
  /** the moments that the run came to, in their order: a replay can be held to it */
  moments: z.array(Moment).exactOptional(),
});

export type OperationEvent = z.infer<typeof OperationEvent>;
export type CompletionEvent = Extract<OperationEvent, { type: "ok" | "fail" | "info" }>;
export interface FaultEvent extends z.infer<typeof FaultEvent> {}
export interface RecoveryEvent extends z.infer<typeof RecoveryEvent> {}
export interface LedgerEvent extends z.infer<typeof LedgerEvent> {}
export interface AttemptEvent extends z.infer<typeof AttemptEvent> {}
export interface DeathEvent extends z.infer<typeof DeathEvent> {}
export type HistoryEvent = OperationEvent | FaultEvent | RecoveryEvent | LedgerEvent | AttemptEvent | DeathEvent;
export interface Final extends z.infer<typeof Final> {}
export interface History extends z.infer<typeof History> {}

/** The clients of operations that no plan has. */
export const RECOVERY_CLIENT = "recovery";
export const AUDIT_CLIENT = "audit";
/** External systems, when they tell something by themselves. */
export const WEBHOOK_CLIENT = "webhooks";
