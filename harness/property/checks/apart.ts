import type { Checker } from "../../check/index.ts";
import type { HistoryView, LedgerRecord } from "../../history/index.ts";
import type { Group, Groups } from "../group.ts";
import type { AnyKind } from "../kind.ts";
import { timeAt } from "../time-at.ts";
import { violation } from "../violation.ts";

/** Clocks tick: so many milliseconds too few are forgiven. */
const TOLERANCE_MS = 5;

/**
 * Between the effects of one thing lies some time: none comes sooner than so many milliseconds after whoever asked for the
 * one before it had its answer.
 * @param milliseconds of the stack's clock
 */
export const apart = <Kinds extends AnyKind>(groups: Groups<Kinds>, milliseconds: number): Checker =>
  groups.every((group, view) => {
    let previous: LedgerRecord | undefined;
    for (const next of group.effects) {
      const gap = previous ? next.at - answeredAt(previous, next, group, view) : milliseconds;
      if (gap < milliseconds - TOLERANCE_MS) {
        const seen = Number.isFinite(gap) ? `${Math.round(gap)} ms` : "before that one was answered";
        return violation(
          `Of ${group.key}, "${next.step}" came too soon after "${previous?.step}".`,
          { expected: `${milliseconds} ms after its answer`, seen },
          previous,
          next,
        );
      }
      previous = next;
    }
    return undefined;
  });

/**
 * When the answer to an effect came to whoever goes on with it. That is the last attempt which asked before the next effect:
 * one that was given up may ask again at any time, and its answer leads to nothing. Infinity when it had not come by then.
 */
function answeredAt(effect: LedgerRecord, next: LedgerRecord, { ledger, faults }: Group, view: HistoryView): number {
  const calls = ledger.filter(
    ({ system, key, index }) => system === effect.system && key === effect.key && index < next.index,
  );
  const last = calls.reduce((best, call) => ((call.attempt ?? 0) >= (best.attempt ?? 0) ? call : best), effect);
  const held = faults.find(
    ({ kind, injected }) => kind === "answer-late" && injected > effect.index && injected < next.index,
  );
  if (!held || calls.length > 1) return last.at;
  return held.healed < next.index ? timeAt(held.healed, view) : Number.POSITIVE_INFINITY;
}
