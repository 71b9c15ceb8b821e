import { type History, type Performed, performed } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import type { Checker } from "./checker.ts";
import { growOnlySet, type SetOperation } from "./grow-only-set.ts";

export interface GrowingSet {
  /** what an operation adds, or what it read; undefined when it does neither, or did not come to do it */
  select(one: Performed): { add: Json } | { read: readonly Json[] } | undefined;
  /** all that the set held once everything was quiet, if the history tells */
  final?(history: History): readonly Json[] | undefined;
}

/**
 * A set that only grows: nothing acknowledged is lost, nothing is there twice or unasked, and reads agree on one order
 * in which it grew.
 */
export function set({ select, final }: GrowingSet): Checker {
  return (history, budget) => {
    const operations = performed(history).flatMap((one): SetOperation[] => {
      const what = one.invoke === undefined ? undefined : select(one);
      if (what === undefined) return [];
      const completion = one.completion?.type === "info" ? undefined : one.completed;
      return [{ ...what, name: one.operation.id, invoke: one.invoke!, completion }];
    });
    const left = final?.(history);
    const end = history.events.length;
    if (left !== undefined) operations.push({ read: left, name: "the end", invoke: end, completion: end });
    const verdict = growOnlySet(operations, budget);
    if (verdict.verdict !== "invalid") return verdict;
    const events = verdict.evidence.events.filter((index) => index < end);
    return { verdict: "invalid", evidence: { ...verdict.evidence, events } };
  };
}
