import type { LedgerEvent } from "../history/index.ts";
import type { ExternalAnswer } from "../stack/index.ts";
import type { Webhook } from "./webhook.ts";

/**
 * An external system: a bank, an airline, or one that a property declares beside itself (see `externalSystem`). It is a
 * value without memory, so that it can be shared; `start` gives one that has a state.
 */
export interface ExternalSystem {
  /** the first segment of its paths, e.g. "payment-provider" */
  readonly name: string;
  /** Begins with an empty state. */
  start(): RunningSystem;
}

/**
 * An external system with its state in memory. What it answers follows from the request, its state and `now`, and from
 * nothing else: it has no clock, no I/O and no randomness, so that the same requests in the same order always end alike.
 * Times are milliseconds of the stack's clock.
 */
export interface RunningSystem {
  handle(request: SystemRequest, now: number): Reaction;
  /** The run is over for everything whose reference begins with the prefix: what waits for its time-out meets it. */
  lapse(referencePrefix: string): LedgerEntry[];
  /** Time has come to `now`: what the system does by itself by then, without being asked. */
  advance?(now: number): Happening;
  /** When the system will next do something by itself. */
  dueAt?(): number | undefined;
}

/** A request as it reaches its system. */
export interface SystemRequest {
  method: string;
  /** within the system: "/reservations/r1" without the query */
  path: string;
  /** decoded by `decodeId`; the last one of a name counts */
  query: Readonly<Record<string, string>>;
  /** the query as it was sent, without its question mark */
  search: string;
  /** names in lower case */
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** What becomes of a request: the effect and the answer come into being together. */
export interface Reaction extends Happening {
  answer: ExternalAnswer;
}

export interface Happening {
  entries: LedgerEntry[];
  /** what the system will tell by itself; whoever carries requests delivers them, early, late, twice, or never */
  webhooks?: Webhook[];
}

/** What goes into the ledger; the runner adds when it happened and on whose behalf. */
export type LedgerEntry = Omit<LedgerEvent, "at" | "operation" | "attempt">;
