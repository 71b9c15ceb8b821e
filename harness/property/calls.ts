import type { HistoryView } from "../history/index.ts";

/** An invocation of a handler. */
export interface Call {
  /** for which it was made */
  operation: string;
  /** whether a handler made it, and not a client */
  isChild: boolean;
  /** where it first began; Infinity when nobody saw it */
  started: number;
  /** where it first ended, whatever became of that; Infinity when it did not */
  ended: number;
}

/**
 * The invocations of a handler, in the order in which they began.
 *
 * Several that are called at the same time, with the same target and the same input, may be taken for each other: what they
 * are for is then not certain, and how many there are is.
 *
 * @param target "service/handler", or "object/key/handler"
 */
export function callsOf(target: string, { events }: HistoryView): Call[] {
  const calls = new Map<string, Call>();
  for (const [index, event] of events.entries()) {
    if (event.type !== "attempt" || event.target !== target) continue;
    const { invocation, operation, child, phase } = event;
    const call = calls.get(invocation) ?? {
      operation,
      isChild: child !== undefined,
      started: index,
      ended: Number.POSITIVE_INFINITY,
    };
    calls.set(invocation, call);
    if (phase === "ended") call.ended = Math.min(call.ended, index);
  }
  return [...calls.values()];
}
