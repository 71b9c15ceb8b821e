import type { Operation } from "../plan/index.ts";
import type { History, HistoryEvent, LedgerEvent, OperationEvent, Outcome } from "./history.ts";

export type Completion = Exclude<OperationEvent, { type: "invoke" }>;

/** An operation with all that a history says of it. */
export interface Performed {
  operation: Operation;
  /** index of its invoke in the events; absent when it was never invoked */
  invoke?: number;
  completion?: Completion;
  /** index of its completion in the events */
  completed?: number;
  /** how its invocation ended, also when the client never heard */
  outcome?: Outcome;
}

/** The operations of a plan with what became of them, in the plan's order. */
export function performed({ plan, events, final }: History): Performed[] {
  const byId = new Map<string, Performed>(plan.operations.map((operation) => [operation.id, { operation }]));
  for (const [id, outcome] of Object.entries(final.outcomes)) {
    const entry = byId.get(id);
    if (entry) entry.outcome = outcome;
  }
  events.forEach((event, index) => {
    if (event.type === "attempt" || !("operation" in event) || event.operation === undefined) return;
    const entry = byId.get(event.operation);
    if (!entry) return;
    if (event.type === "invoke") entry.invoke = index;
    else if (isCompletion(event)) Object.assign(entry, { completion: event, completed: index });
  });
  return [...byId.values()];
}

export const isCompletion = (event: HistoryEvent): event is Completion =>
  event.type === "ok" || event.type === "fail" || event.type === "info";

export const isLedger = (event: HistoryEvent): event is LedgerEvent =>
  event.type === "effect" || event.type === "repeat" || event.type === "refusal" || event.type === "lapse";

/** The ledger with the place of each entry among the events. */
export function ledger({ events }: History): { entry: LedgerEvent; index: number }[] {
  return events.flatMap((entry, index) => (isLedger(entry) ? [{ entry, index }] : []));
}

/** Whether two operations were under way at the same time. */
export function overlap(a: Performed, b: Performed): boolean {
  if (a.invoke === undefined || b.invoke === undefined) return false;
  return a.invoke < (b.completed ?? Number.POSITIVE_INFINITY) && b.invoke < (a.completed ?? Number.POSITIVE_INFINITY);
}
