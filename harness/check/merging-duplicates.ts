import { mergeDuplicates } from "../history/index.ts";
import type { Checker } from "./checker.ts";

/** Judges a history as if every idempotency key had been used once, for models to which a repeated request is none. */
export function mergingDuplicates(check: Checker): Checker {
  return async (whole, budget) => {
    const { history, indices } = mergeDuplicates(whole);
    const verdict = await check(history, budget);
    if (verdict.verdict !== "invalid") return verdict;
    const original = (index: number): number[] => (index < indices.length ? [indices[index]!] : []);
    const { events, partials, ...rest } = verdict.evidence;
    return {
      verdict: "invalid",
      evidence: {
        ...rest,
        events: events.flatMap(original),
        ...(partials && { partials: partials.map((order) => order.flatMap(original)) }),
      },
    };
  };
}
