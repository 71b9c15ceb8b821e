/**
 * All that a property is written with, behind one import.
 *
 * - what clients do, and external systems by themselves: `operation`, `delivery`, `stripeDeliveries`, `invalidInput`, `withWrong`, `ids`; `cancel`, `terminate`, `attach`; `groupBy`
 * - situations that a run must reach: `scenario`, `disturbances`, `faults`, and where in a run: `at`
 * - what must hold: `violation`, `checks`
 * - what external systems take for a reason to refuse: `world`
 * - `property` puts it together; `fastRetries` are settings of most services;
 *   `constants` are values that another implementation may override
 */
import fc from "fast-check";
import { faultKinds } from "./faults/index.ts";
import { disturbancesBy, faultDrafts } from "./property/index.ts";

export type { Checker, Model } from "./check/index.ts";
export type { Failure, FaultRecord, HistoryView, LedgerRecord, OperationRecord } from "./history/index.ts";
export type { Json, Request } from "./plan/index.ts";
export {
  type AnyKind,
  at,
  attach,
  cancel,
  checks,
  constants,
  delivery,
  eventIn,
  fieldOf,
  type Group,
  type Groups,
  groupBy,
  invalidInput,
  type Kind,
  oneByOne,
  operation,
  property,
  REFUSED_FORGERY,
  scenario,
  stallIn,
  stripeDeliveries,
  subjectOf,
  terminate,
  textOf,
  times,
  type Violation,
  violation,
  withWrong,
} from "./property/index.ts";
export * as world from "./world/index.ts";

/** Arguments that are one of a few ids. Those that belong to one case begin with `@`; one that is named twice is drawn twice as often. */
export const ids = (...choices: [string, ...string[]]): fc.Arbitrary<string> => fc.constantFrom(...choices);

/** A draft of each kind of fault: `faults.killEndpoint.before(externalCall("o1", 2))`. */
export const faults = faultDrafts(faultKinds);

/** Scenarios of one operation under each kind of fault: `...disturbances("a trip is booked", book(TRIP), { call: 3 })`. */
export const disturbances = disturbancesBy(faultKinds);

/** Settings with which services ask an external system again soon, so that a case takes no longer than it must. */
export const fastRetries = { EXTERNAL_RETRY_INTERVAL: 5, EXTERNAL_RETRY_MAX_INTERVAL: 20 } as const;
