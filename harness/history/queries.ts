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

/** The operations whose invocation somebody asked to end, in one of these ways: what they did, and when, is open. */
export function endedBy(history: History, ...modes: ("cancel" | "terminate")[]): Set<string> {
  const ways: readonly string[] = modes;
  return new Set(
    performed(history).flatMap(({ operation: { mode, of }, invoke }) =>
      of !== undefined && ways.includes(mode) && invoke !== undefined ? [of] : [],
    ),
  );
}

/** Whether a fault of the kind struck. */
export const struck =
  (kind: string) =>
  ({ events }: History): boolean =>
    events.some((event) => event.type === "fault" && event.kind === kind && event.phase === "struck");

/** Whether two operations were under way at the same time. */
export function overlap(a: Performed, b: Performed): boolean {
  if (a.invoke === undefined || b.invoke === undefined) return false;
  return a.invoke < (b.completed ?? Number.POSITIVE_INFINITY) && b.invoke < (a.completed ?? Number.POSITIVE_INFINITY);
}

/**
 * The history as if every idempotency key had been used once: operations with the same target and key are one request,
 * from the first invoke to the first answer. `indices` says where each of its events stood.
 */
export function mergeDuplicates(history: History): { history: History; indices: number[] } {
  const representative = new Map<string, string>();
  const merged = new Map<string, string>();
  for (const { id, call, idempotencyKey, mode } of history.plan.operations) {
    if (idempotencyKey === undefined || mode === "attach") continue;
    const name = JSON.stringify([call, idempotencyKey]);
    const first = representative.get(name) ?? id;
    representative.set(name, first);
    merged.set(id, first);
  }
  if (representative.size === merged.size) return { history, indices: history.events.map((_, index) => index) };
  const firstAnswers = new Map<string, HistoryEvent>();
  const last = new Map<string, HistoryEvent>();
  for (const event of history.events) {
    if (!isCompletion(event)) continue;
    const id = merged.get(event.operation) ?? event.operation;
    const known = firstAnswers.get(id);
    if (event.type === "ok" ? known?.type !== "ok" : event.type === "fail" && !known) firstAnswers.set(id, event);
    last.set(id, event);
  }
  const invoked = new Set<string>();
  const stays = (event: HistoryEvent, id: string): boolean => {
    if (event.type !== "invoke") return (firstAnswers.get(id) ?? last.get(id)) === event;
    const isFirst = !invoked.has(id);
    invoked.add(id);
    return isFirst;
  };
  const events: HistoryEvent[] = [];
  const indices: number[] = [];
  history.events.forEach((event, index) => {
    const isOperation = event.type === "invoke" || isCompletion(event);
    const id = isOperation ? (merged.get(event.operation) ?? event.operation) : "";
    if (isOperation && !stays(event, id)) return;
    events.push(isOperation ? { ...event, operation: id } : event);
    indices.push(index);
  });
  const operations = history.plan.operations
    .filter(({ id }) => (merged.get(id) ?? id) === id)
    // to end any of the duplicates is to end the one invocation that they share
    .map((one) => (one.of === undefined ? one : { ...one, of: merged.get(one.of) ?? one.of }));
  return { history: { ...history, plan: { ...history.plan, operations }, events }, indices };
}
