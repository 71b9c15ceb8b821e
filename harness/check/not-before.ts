import { type HistoryEvent, type Performed, performed } from "../history/index.ts";
import type { Checker } from "./checker.ts";
import { invalid, nameOf } from "./evidence.ts";

export interface NotBefore {
  /** what an operation schedules, and how many milliseconds after it was invoked that may begin at the earliest */
  scheduled(one: Performed): { id: string; delay: number } | undefined;
  /** what begins with an event, if anything */
  begins(event: HistoryEvent, index: number): string | undefined;
  /** so many milliseconds early are forgiven, for clocks that tick; 5 when absent */
  tolerance?: number;
}

/**
 * Nothing begins before its time: the earliest that any of the operations that schedule it allows, those that were
 * never answered included. What nobody scheduled is no concern of this check.
 */
export function notBefore({ scheduled, begins, tolerance = 5 }: NotBefore): Checker {
  return (history) => {
    const earliest = new Map<string, { one: Performed; at: number }>();
    for (const one of performed(history)) {
      const what = one.invoke === undefined ? undefined : scheduled(one);
      if (!what) continue;
      const at = history.events[one.invoke!]!.at + what.delay;
      if (at < (earliest.get(what.id)?.at ?? Number.POSITIVE_INFINITY)) earliest.set(what.id, { one, at });
    }
    for (const [index, event] of history.events.entries()) {
      const id = begins(event, index);
      const due = id === undefined ? undefined : earliest.get(id);
      if (due && event.at < due.at - tolerance)
        return invalid(
          `${id} began ${rounded(due.at - event.at)} ms too early: ${nameOf(due.one)} allows it from ${rounded(due.at)} ms on.`,
          [due.one.invoke!, index],
          {
            expected: `not before ${rounded(due.at)} ms`,
            seen: `${rounded(event.at)} ms`,
          },
        );
    }
    return { verdict: "valid" };
  };
}

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;
