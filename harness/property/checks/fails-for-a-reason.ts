import type { Checker } from "../../check/index.ts";
import { type HistoryView, type OperationRecord, viewOf } from "../../history/index.ts";
import type { KindDefinition } from "../definition.ts";
import { violation } from "../violation.ts";

/** What Restate ends an invocation with that somebody cancelled or terminated. */
const ENDED = 409;
/** What a server that has just started answers, for a moment in which it does not know its services yet. */
const UNKNOWN = 404;

/**
 * Nobody is refused but for a reason that the kind of operation declares, or because somebody cancelled or terminated
 * the invocation.
 */
export const failsForAReason =
  (kinds: ReadonlyMap<string, KindDefinition>): Checker =>
  (history) => {
    const view = viewOf(history);
    for (const one of view.operations) {
      const reasons = reasonsOf(one, kinds, view);
      if (reasons === undefined || !one.error || reasons.includes(one.error.code)) continue;
      const { code, message } = one.error;
      return {
        verdict: "invalid",
        evidence: violation(
          `${one} failed with ${code} ${message}, for which there is no reason.`,
          {
            expected: reasons.length > 0 ? `success, or ${reasons.join(" or ")}` : "success",
            seen: `${code} ${message}`,
          },
          one,
        ),
      };
    }
    return { verdict: "valid" };
  };

/** The codes with which it may fail; undefined: any. */
function reasonsOf(
  one: OperationRecord,
  kinds: ReadonlyMap<string, KindDefinition>,
  view: HistoryView,
): readonly number[] | undefined {
  const about = one.kind === "attach" ? view.operation(one.of ?? "") : one;
  const definition = about && kinds.get(about.kind);
  // an invocation that was never made, or not known, cannot be attached to
  if (!definition || (one !== about && about.invocation === undefined)) return undefined;
  return [
    ...(one === about ? definition.failsWith(about, view) : definition.invocationFailsWith(about, view)),
    ...(about.isInterrupted || one.isInterrupted ? [ENDED] : []),
    ...(view.faults.some(({ kind }) => kind === "kill-server") ? [UNKNOWN] : []),
  ];
}
