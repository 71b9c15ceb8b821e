import type { Checker } from "../../check/index.ts";
import { viewOf } from "../../history/index.ts";
import { violation } from "../violation.ts";

/** Liveness: at quiescence nothing is pending, paused or backing off, and every client that stayed has its answer. */
export const terminates: Checker = (history) => {
  const { final, operations, recovery } = viewOf(history);
  if (final.quiescent && final.unfinished.length === 0) return { verdict: "valid" };
  const open = operations.filter(({ completed }) => !Number.isFinite(completed));
  const what = final.unfinished.length > 0 ? final.unfinished.join("; ") : "a client still waits for its answer";
  return {
    verdict: "invalid",
    evidence: violation(
      `Not everything came to an end after all faults were healed: ${what}.`,
      { expected: "every invocation completes", seen: what },
      open.map(({ invoked }) => invoked),
      recovery,
    ),
  };
};
