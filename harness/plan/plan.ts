/**
 * A plan says what will be done: operations that clients invoke and faults that are injected at logical moments.
 *
 * It is plain JSON, needs no generator to be replayed, and never names a wall-clock instant. It speaks in the words of
 * a pattern: an operation is a kind and arguments, and the property says which request that makes. Ids that belong to
 * one case are written with a leading `@` ("@p1"): every run replaces the sign by a tag of its own, so that many cases
 * share a stack without meeting, and the history is written with the sign again.
 */
import { z } from "zod";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const count = z.int().min(1);
const id = z.string().min(1);
export const When = z.enum(["before", "after"]);
/** Seen from Restate: towards the service endpoint, or back from it. */
export const Direction = z.enum(["to-endpoint", "to-server"]);

/**
 * A logical place in a run. It always names an operation:
 * - `operation`: its invoke, or its completion
 * - `effect`: the `call`-th request that the operation's invocation (children included) makes to an external system;
 *   before it is applied, or after it is applied and before it is answered
 * - `webhook`: the `number`-th thing that an external system tells by itself because of the operation; before it is first
 *   delivered, or after it was accepted
 * - `message`: the `message`-th protocol message, in one direction, of the `attempt`-th attempt of the operation's
 *   invocation, or of its `child`-th child in the order of its calls
 * All counts begin at 1.
 */
export const Moment = z.discriminatedUnion("at", [
  z.strictObject({
    at: z.literal("operation"),
    operation: id,
    point: z.enum(["invoke", "completion"]),
    when: When,
  }),
  z.strictObject({ at: z.literal("effect"), operation: id, call: count, when: When }),
  z.strictObject({ at: z.literal("webhook"), operation: id, number: count, when: When }),
  z.strictObject({
    at: z.literal("message"),
    operation: id,
    child: count.exactOptional(),
    attempt: count,
    direction: Direction,
    message: count,
    when: When,
  }),
]);

/** One operation of a client. A client performs its operations one after the other; clients overlap. */
export const Operation = z.strictObject({
  /** unique in the plan, and what everybody calls it: "o3" */
  id,
  client: id,
  /** what the property calls it, e.g. "reserve"; or one of `attach`, `cancel`, `terminate`, which are about another operation */
  kind: id,
  /** what the kind is done with, in the words of the pattern; null for an operation about another */
  args: z.json().transform((value): Json => value),
  /** which way it goes, where its kind has several; the first one when absent */
  route: z.string().exactOptional(),
  /** attach, cancel, terminate: the operation whose invocation is meant */
  of: id.exactOptional(),
  /** operations that must have completed (however) before this one is invoked */
  after: z.array(id).exactOptional(),
  /** the moment at which it is invoked; if the run never comes there, when nothing else is left to do */
  at: Moment.exactOptional(),
  /** how often the client asks again, identically, when the connection breaks; 0 when absent */
  retries: z.int().min(0).exactOptional(),
});

/** What is injected, where, and (for faults that last) until when; without `heal` it lasts until the recovery phase. */
export const Fault = z.strictObject({
  /** unique in the plan, e.g. "f1" */
  id,
  /** the name of a fault kind, e.g. "cut-stream" */
  kind: id,
  at: Moment,
  heal: Moment.exactOptional(),
});

/** An ordering constraint (Lamport's "happens before"), which a replay enforces: `first` comes before `second`. */
export const Order = z.strictObject({ first: Moment, second: Moment });

export const Plan = z.strictObject({
  operations: z.array(Operation),
  faults: z.array(Fault),
  happensBefore: z.array(Order).exactOptional(),
  /** seed of what only a simulated run leaves to chance (latencies, order of events); real runs ignore it */
  schedule: z.int().exactOptional(),
});

export type When = z.infer<typeof When>;
export type Direction = z.infer<typeof Direction>;
export type Moment = z.infer<typeof Moment>;
export interface Operation extends z.infer<typeof Operation> {}
export interface Fault extends z.infer<typeof Fault> {}
export interface Order extends z.infer<typeof Order> {}
export interface Plan extends z.infer<typeof Plan> {}

/**
 * Kinds that every property has: they are about the invocation of another operation.
 * - `attach`: wait for its result
 * - `cancel`: cancel it
 * - `terminate`: end it at once, running no code (Restate's admin API calls this kill)
 */
export const referringKinds = ["attach", "cancel", "terminate"] as const;
export type ReferringKind = (typeof referringKinds)[number];

export const isReferring = (kind: string): kind is ReferringKind => referringKinds.some((one) => one === kind);
