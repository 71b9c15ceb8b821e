import type { Checker } from "../../check/index.ts";
import type { Groups } from "../group.ts";
import { heardAt } from "../heard.ts";
import { violation } from "../violation.ts";

/**
 * When an operation has ended, a cancelled one too, so has all that it began: nothing of it takes effect any more. Only one
 * that was terminated leaves without looking back.
 */
export const nothingAfterCompletion = (groups: Groups): Checker =>
  groups.every((group, view) => {
    if (group.isTerminated) return undefined;
    for (const one of group.operations) {
      const end = heardAt(one, view);
      const late = group.effects.find(({ index }) => index > end);
      if (late)
        return violation(
          `${late.system}: ${late.action} ${late.key} happened after ${one} had been answered.`,
          { expected: "what an operation begins is over when it is answered" },
          end,
          late,
        );
    }
    return undefined;
  });
