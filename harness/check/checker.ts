import type { History } from "../history/index.ts";
import type { Verdict } from "./verdict.ts";

/** What a check may cost. It is honoured inside the check; a check that runs out answers `unknown`. */
export interface Budget {
  /** wall-clock time, in milliseconds */
  milliseconds?: number;
  /** memory of the check's own tables, in bytes */
  bytes?: number;
}

/** What a check may cost when nobody says otherwise: 10 seconds and 1 GiB. */
export const defaultBudget: Required<Budget> = { milliseconds: 10_000, bytes: 2 ** 30 };

/**
 * Judges a history; an invariant of a property is a checker. It depends on nothing but the history, and never throws
 * because of what the history holds.
 */
export type Checker = (history: History, budget?: Budget) => Verdict | Promise<Verdict>;
