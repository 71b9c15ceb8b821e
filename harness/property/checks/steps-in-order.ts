import type { Checker } from "../../check/index.ts";
import type { LedgerRecord } from "../../history/index.ts";
import type { Groups } from "../group.ts";
import { violation } from "../violation.ts";

/**
 * The steps of one thing happen in an order, each only after all steps before it that happen at all.
 * @param order the names of the steps; "system action" by default
 * @param step which step an effect is; others are none of this
 */
export const stepsInOrder = (
  groups: Groups,
  order: readonly string[],
  step: (entry: LedgerRecord) => string = (entry) => entry.step,
): Checker =>
  groups.every(({ key, effects }) => {
    const steps = effects.filter((entry) => order.includes(step(entry)));
    for (const [index, later] of steps.entries()) {
      const earlier = steps.slice(0, index).find((one) => order.indexOf(step(one)) > order.indexOf(step(later)));
      if (earlier)
        return violation(
          `Of ${key}, "${step(later)}" happened after "${step(earlier)}".`,
          { expected: order.join(", then "), seen: steps.map(step).join(", then ") },
          steps,
        );
    }
    return undefined;
  });
