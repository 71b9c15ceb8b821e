import type { Checker } from "./checker.ts";

/** Liveness: at quiescence nothing is pending, paused or backing off, and every client that stayed has its answer. */
export const ends: Checker = ({ events, final }) => {
  if (final.quiescent && final.unfinished.length === 0) return { verdict: "valid" };
  const open = new Map<string, number>();
  events.forEach((event, index) => {
    if (event.type === "invoke") open.set(event.operation, index);
    else if (event.type === "ok" || event.type === "fail") open.delete(event.operation);
  });
  const what = final.unfinished.length > 0 ? final.unfinished.join("; ") : "a client still waits for its answer";
  return {
    verdict: "invalid",
    evidence: {
      summary: `Not everything came to an end after all faults were healed: ${what}.`,
      expected: "every invocation completes",
      seen: what,
      events: [...open.values()],
    },
  };
};
