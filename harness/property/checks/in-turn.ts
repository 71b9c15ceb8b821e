import type { Checker } from "../../check/index.ts";
import type { LedgerRecord } from "../../history/index.ts";
import type { Groups } from "../group.ts";
import type { AnyKind } from "../kind.ts";
import { violation } from "../violation.ts";

export interface InTurn<Step> {
  /** what an effect is; undefined when it is none of this */
  step(entry: LedgerRecord): Step | undefined;
  /** whether a step may follow the one before it; the first step follows nothing */
  mayFollow(step: Step, previous: Step | undefined): boolean;
  /** for people: "begin and done in turn" */
  expected: string;
}

/** Of one thing, each step follows the one before it in a way that is allowed. */
export const inTurn = <Kinds extends AnyKind, Step>(
  groups: Groups<Kinds>,
  { step, mayFollow, expected }: InTurn<Step>,
): Checker =>
  groups.every(({ key, effects }) => {
    let previous: { step: Step; entry: LedgerRecord } | undefined;
    for (const entry of effects) {
      const current = step(entry);
      if (current === undefined) continue;
      if (!mayFollow(current, previous?.step))
        return violation(
          `Of ${key}, ${nameOf(entry)} came ${previous ? `after ${nameOf(previous.entry)}` : "first of all"}.`,
          { expected },
          previous?.entry,
          entry,
        );
      previous = { step: current, entry };
    }
    return undefined;
  });

const nameOf = ({ action, data }: LedgerRecord): string => `"${action}" ${JSON.stringify(data ?? null)}`;
