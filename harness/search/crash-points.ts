import { type History, viewOf } from "../history/index.ts";
import { type Fault, type Moment, momentName, type Operation, type Plan } from "../plan/index.ts";
import type { Property } from "../property/index.ts";

/** A place between two messages of an attempt at which something strikes, and the plan that has it strike there. */
export interface CrashPoint {
  /** the handler and how its operation ends when nothing strikes: "BookingWorkflow/run: refused 402" */
  handler: string;
  plan: Plan;
}

/** Whether the run came to where a crash point's plan has something strike. */
export function hasStruck({ events, plan, moments = [] }: History): boolean {
  const at = plan.operations.find(({ id }) => id === STRIKE)?.at;
  if (at) return moments.some((moment) => momentName(moment) === momentName(at));
  return events.some((event) => event.type === "fault" && event.fault === STRIKE && event.phase === "injected");
}

/** The id of the fault, or of the interruption, that strikes. */
const STRIKE = "strike";
/** A message can be lost, or the connection after it; and the process can die with one or before the next. */
const FAULTS: readonly { kind: string; when: Moment["when"] }[] = [
  { kind: "cut-stream", when: "before" },
  { kind: "cut-stream", when: "after" },
  { kind: "kill-endpoint", when: "before" },
  { kind: "kill-endpoint", when: "after" },
  { kind: "zombie", when: "before" },
  { kind: "kill-server", when: "after" },
];
const INTERRUPTIONS = ["cancel", "terminate"] as const;

type MessageMoment = Extract<Moment, { at: "message" }>;

/**
 * Every crash point of every handler, for each outcome that was seen of it: all messages of the first attempt, both
 * directions, with each kind of fault that can strike there, and with a cancellation and a termination.
 *
 * @param histories of those without faults, and without orders that a strike could break, each handler and outcome counts by the run with the fewest operations
 */
export function crashPoints(histories: readonly History[], property: Property): CrashPoint[] {
  const smallest = new Map<string, { history: History; operation: Operation; child: number | undefined }>();
  const bySize = histories
    .filter(({ plan }) => plan.faults.length === 0 && !plan.happensBefore)
    .toSorted((a, b) => a.operations.length - b.operations.length);
  for (const history of bySize)
    for (const one of invocationsOf(history)) if (!smallest.has(one.name)) smallest.set(one.name, { history, ...one });
  return [...smallest].flatMap(([handler, { history, operation, child }]) =>
    messagesOf(history, operation.id, child)
      .flatMap((moment) => strikes(history.plan, operation, moment, property))
      .map((plan) => ({ handler, plan })),
  );
}

/** The invocations of the plan's operations and their children, by handler and outcome. */
function* invocationsOf(
  history: History,
): Generator<{ name: string; operation: Operation; child: number | undefined }> {
  const view = viewOf(history);
  const seen = new Set<string>();
  for (const event of history.events) {
    if (event.type !== "attempt" || event.phase !== "started" || event.attempt !== 1) continue;
    const { operation: id, child, target } = event;
    const operation = history.plan.operations.find((one) => one.id === id);
    const record = view.operation(id);
    if (!operation || !record || seen.has(`${id}/${child}`)) continue;
    seen.add(`${id}/${child}`);
    const [service, handler] = [target.split("/")[0], target.split("/").at(-1)];
    const outcome = record.error ? `refused ${record.error.code}` : record.outcome;
    const whose = child === undefined ? "" : ` for ${operation.kind}`;
    const interrupted = record.isInterrupted ? ", interrupted" : "";
    yield { name: `${service}/${handler}${whose}: ${outcome}${interrupted}`, operation, child };
  }
}

/** The messages of a first attempt, once each; but for the first to the endpoint, which comes before it is known whose it is. */
const messagesOf = ({ moments = [] }: History, id: string, child: number | undefined): MessageMoment[] =>
  moments.filter(
    (one): one is MessageMoment =>
      one.at === "message" &&
      one.when === "before" &&
      one.operation === id &&
      one.child === child &&
      one.attempt === 1 &&
      (one.direction === "to-server" || one.message > 1),
  );

function strikes(plan: Plan, operation: Operation, moment: MessageMoment, { kinds }: Property): Plan[] {
  const faults: Fault[] = FAULTS.map(({ kind, when }) => ({ id: STRIKE, kind, at: { ...moment, when } }));
  const weights = kinds.get(operation.kind)?.storm.interruptions;
  const interruptions: Operation[] = INTERRUPTIONS.filter((kind) => (weights?.[kind] ?? 0) > 0).map((kind) => ({
    id: STRIKE,
    client: STRIKE,
    kind,
    args: null,
    of: operation.id,
    at: { ...moment, when: "after" },
  }));
  return [
    ...faults.map((fault) => ({ ...plan, faults: [...plan.faults, fault] })),
    ...interruptions.map((one) => ({ ...plan, operations: [...plan.operations, one] })),
  ];
}
