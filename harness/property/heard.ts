import type { HistoryView, OperationRecord } from "../history/index.ts";

/**
 * Where the client of an operation heard how its invocation had ended, also when that leaves open what was done, as a
 * cancellation does; Infinity when it heard nothing.
 */
export function heardAt(one: Pick<OperationRecord, "completed" | "left">, { events }: HistoryView): number {
  const end = events[one.left];
  return end?.type === "info" && end.error !== undefined ? one.left : one.completed;
}
