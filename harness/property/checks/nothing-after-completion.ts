import type { Checker } from "../../check/checker.ts";
import type { Groups } from "../group.ts";
import { violation } from "../violation.ts";

/**
 * When an operation has ended, a cancelled one too, so has all that it began: nothing of it takes effect any more. Only one
 * that was terminated leaves without looking back.
 */
export const nothingAfterCompletion = (groups: Groups): Checker =>
  groups.every((group, view) => {
    if (group.isTerminated) return undefined;
    for (const one of group.operations) {
      const heard = Number.isFinite(one.completed) || view.events[one.left]?.type !== "info" || one.error !== undefined;
      const late = heard ? group.effects.find(({ index }) => index > one.left) : undefined;
      if (late)
        return violation(
          `${late.system}: ${late.action} ${late.key} happened after ${one} had been answered.`,
          { expected: "what an operation begins is over when it is answered" },
          one.left,
          late,
        );
    }
    return undefined;
  });
