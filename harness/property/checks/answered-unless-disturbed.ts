import type { Checker } from "../../check/index.ts";
import { type HistoryView, type OperationRecord, viewOf } from "../../history/index.ts";
import { violation } from "../violation.ts";

/** Faults that cut off the client of the operation at whose moment they are injected. */
const CLIENT_FAULTS = ["walk-away", "reconnect"];
/** Faults that cut off whoever waits for a part that is gone for a while: Restate, or a front app. */
const OUTAGES = ["kill-server", "kill-endpoint", "zombie"];

/** That nobody knows how an operation ended is excusable only where a fault lay on its path, or somebody ended it. */
export const answeredUnlessDisturbed: Checker = (history) => {
  const view = viewOf(history);
  const isInterrupted = (one: OperationRecord) =>
    one.isInterrupted || view.operation(one.of ?? "")?.isInterrupted === true;
  const lost = view.operations.find((one) => one.outcome === "info" && !isInterrupted(one) && !isDisturbed(one, view));
  if (!lost) return { verdict: "valid" };
  const event = view.events[lost.left];
  const reason = event?.type === "info" ? event.reason : "it never completed";
  return {
    verdict: "invalid",
    evidence: violation(
      `Nobody knows how ${lost} ended, and no fault explains it: ${reason}.`,
      { expected: "an answer or a definite refusal", seen: reason },
      lost,
    ),
  };
};

function isDisturbed(one: OperationRecord, { faults, operation }: HistoryView): boolean {
  const target = operation(one.of ?? "");
  return faults.some(
    ({ kind, at, injected }) =>
      injected < one.left &&
      (OUTAGES.includes(kind) ||
        (CLIENT_FAULTS.includes(kind) && (at.operation === one.id || at.operation === target?.id))),
  );
}
