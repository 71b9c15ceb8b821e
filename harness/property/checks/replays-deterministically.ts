import type { Checker } from "../../check/index.ts";
import { violation } from "../violation.ts";

/** The SDK's codes for a journal that does not match the code: journal mismatch, and protocol violation. */
const MISMATCH_CODES = new Set([570, 571]);

/** No attempt took another path than the journal of the attempts before it: retries would hide that from everyone. */
export const replaysDeterministically: Checker = ({ events }) => {
  const index = events.findIndex(
    (event) => event.type === "attempt" && event.phase === "failed" && MISMATCH_CODES.has(event.code ?? 0),
  );
  const event = events[index];
  if (event?.type !== "attempt") return { verdict: "valid" };
  return {
    verdict: "invalid",
    evidence: violation(
      `Attempt ${event.attempt} of ${event.target} did not follow its journal (code ${event.code}).`,
      {
        expected: "every attempt makes the same calls, in the same order, as the attempts before it",
        seen: event.message,
      },
      index,
    ),
  };
};
