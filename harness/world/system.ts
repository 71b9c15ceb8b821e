import type { LedgerEvent } from "../history/index.ts";
import type { Json } from "../plan/index.ts";

/**
 * An external system: a bank, an airline. It holds its state in memory and does nothing by itself: no clock, no I/O,
 * no randomness, so that the same calls in the same order always end alike.
 */
export interface ExternalSystem {
  /** the first segment of its paths, e.g. "payment-provider" */
  readonly name: string;
  /** `now` is in milliseconds of the stack's clock */
  handle(call: ExternalCall, now: number): Reaction;
  /** Time passes for everything whose reference begins with the prefix: whatever waits for its time-out meets it. */
  lapse(referencePrefix: string): LedgerEntry[];
}

/** A call as a system reads it. */
export interface ExternalCall {
  /** the rest of the path, e.g. "charge" */
  action: string;
  /** the idempotency key; a call without one is a new call each time */
  key?: string;
  /** what the caller says the change belongs to */
  reference?: string;
  content: Record<string, Json>;
}

export interface Reaction {
  /** HTTP status */
  status: number;
  body: Json;
  entries: LedgerEntry[];
}

/** What goes into the ledger; the runner adds when it happened and on whose behalf. */
export type LedgerEntry = Omit<LedgerEvent, "at" | "operation" | "attempt">;
