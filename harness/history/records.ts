import type { Fault, Json, Operation, ReferringKind, Request } from "../plan/index.ts";
import {
  AUDIT_CLIENT,
  type CompletionEvent,
  type Final,
  type History,
  type HistoryEvent,
  type LedgerEvent,
  RECOVERY_CLIENT,
} from "./history.ts";
import { LedgerRecord } from "./ledger-record.ts";

/** An error that a handler ended with, or that a client was told. */
export interface Failure {
  code: number;
  message: string;
}

/**
 * An operation with all that a history says of it, in the words of its pattern. Places are indices of the history's
 * events, and total: what never came is at Infinity.
 */
export class OperationRecord<Args = Json, Result = Json> {
  readonly id: string;
  readonly kind: string;
  readonly client: string;
  readonly args: Args;
  /** the way it went, where its kind has several */
  readonly route: string | undefined;
  /** the operation that it attaches to, cancels or terminates */
  readonly of: string | undefined;
  /** what went over the wire */
  readonly request: Request | undefined;
  /** operations with the same identity are one request, made several times */
  readonly identity: string | undefined;
  /** where it was invoked */
  readonly invoked: number;
  /** where its client was told how it ended; Infinity when that is unknown */
  readonly completed: number;
  /** where its client stopped waiting, told or not */
  readonly left: number;
  readonly outcome: "ok" | "fail" | "info";
  /** the answer; also one that was learned only after the fact, when its client had not heard it */
  readonly result: Result | undefined;
  /** how it failed; also when its client had not heard it */
  readonly error: Failure | undefined;
  readonly invocation: string | undefined;
  /** the ways in which somebody asked to end its invocation, or that of an operation with the same identity */
  readonly interruptedBy: ReadonlySet<ReferringKind>;
  /** how many attempts its own invocation took, and each of its children in the order of the calls */
  readonly attempts: number;
  readonly childAttempts: readonly number[];

  constructor(fields: Fields<Args, Result>) {
    this.id = fields.id;
    this.kind = fields.kind;
    this.client = fields.client;
    this.args = fields.args;
    this.route = fields.route;
    this.of = fields.of;
    this.request = fields.request;
    this.identity = fields.identity;
    this.invoked = fields.invoked;
    this.completed = fields.completed;
    this.left = fields.left;
    this.outcome = fields.outcome;
    this.result = fields.result;
    this.error = fields.error;
    this.invocation = fields.invocation;
    this.interruptedBy = fields.interruptedBy;
    this.attempts = fields.attempts;
    this.childAttempts = fields.childAttempts;
  }

  /** Somebody asked to cancel or to terminate it. */
  get isInterrupted(): boolean {
    return this.interruptedBy.has("cancel") || this.interruptedBy.has("terminate");
  }
  get isTerminated(): boolean {
    return this.interruptedBy.has("terminate");
  }
  /** It is of the plan, and not of the recovery phase or the audit. */
  get isPlanned(): boolean {
    return this.client !== RECOVERY_CLIENT && this.client !== AUDIT_CLIENT;
  }
  /** The events that tell of it. */
  get places(): number[] {
    return [this.invoked, this.left].filter(Number.isFinite);
  }
  /** Both were under way at the same time. */
  overlaps(other: Pick<OperationRecord, "invoked" | "completed">): boolean {
    return this.invoked < other.completed && other.invoked < this.completed;
  }
  /** Its client knew how it had ended before the other began. */
  precedes(other: Pick<OperationRecord, "invoked">): boolean {
    return this.completed < other.invoked;
  }

  /** "o3 (reserve)" */
  toString(): string {
    return `${this.id} (${this.kind})`;
  }
}

/** What a record says, without what it can be asked. */
export type Fields<Args = Json, Result = Json> = Omit<
  OperationRecord<Args, Result>,
  "isInterrupted" | "isTerminated" | "isPlanned" | "places" | "overlaps" | "precedes" | "toString"
>;

/** A fault that was injected. */
export interface FaultRecord extends Fault {
  /** where it was injected, and where it was healed: Infinity when it was not, or needs no healing */
  injected: number;
  healed: number;
}

/** A history, as checkers read it. */
export interface HistoryView {
  history: History;
  events: readonly HistoryEvent[];
  final: Final;
  /** those that were invoked, in the order of their invokes */
  operations: readonly OperationRecord[];
  /** the same, where those with one identity are one */
  requests: readonly OperationRecord[];
  ledger: readonly LedgerRecord[];
  /** those that were injected, in that order */
  faults: readonly FaultRecord[];
  /** where the recovery phase began; Infinity when it did not */
  recovery: number;
  operation(id: string): OperationRecord | undefined;
}

const views = new WeakMap<History, HistoryView>();

/** The records of a history. Made once for each: a history does not change once it is written. */
export function viewOf(history: History): HistoryView {
  let view = views.get(history);
  if (!view) {
    view = makeView(history);
    views.set(history, view);
  }
  return view;
}

export const isCompletion = (event: HistoryEvent): event is CompletionEvent =>
  event.type === "ok" || event.type === "fail" || event.type === "info";

export const isLedger = (event: HistoryEvent): event is LedgerEvent =>
  event.type === "effect" || event.type === "repeat" || event.type === "refusal" || event.type === "lapse";

/** What is found of an operation while its events are read. */
interface Found {
  operation: Operation;
  invoke?: { index: number; request?: Request; identity?: string };
  completion?: { index: number; event: CompletionEvent };
  learned?: { value: Json } | Failure;
  attempts: number[];
}

function makeView(history: History): HistoryView {
  const found = new Map<string, Found>();
  for (const operation of history.operations) found.set(operation.id, { operation, attempts: [0] });
  const ledger: LedgerRecord[] = [];
  const injected = new Map<string, { injected: number; healed: number }>();
  let recovery = Number.POSITIVE_INFINITY;
  for (const [index, event] of history.events.entries()) {
    if (isLedger(event)) ledger.push(new LedgerRecord(event, index));
    else if (event.type === "recovery") recovery = index;
    else if (event.type === "fault") {
      if (event.phase === "injected") injected.set(event.fault, { injected: index, healed: Number.POSITIVE_INFINITY });
      const known = injected.get(event.fault);
      if (event.phase === "healed" && known) known.healed = index;
    } else if (event.type !== "death") readOperationEvent(found.get(event.operation), event, index);
  }
  const operations = recordsOf([...found.values()]);
  const byId = new Map(operations.map((one) => [one.id, one]));
  let requests: OperationRecord[] | undefined;
  return {
    history,
    events: history.events,
    final: history.final,
    operations,
    get requests() {
      requests ??= mergeDuplicates(operations);
      return requests;
    },
    ledger,
    faults: history.plan.faults
      .flatMap((fault): FaultRecord[] => {
        const places = injected.get(fault.id);
        return places ? [{ ...fault, ...places }] : [];
      })
      .sort((a, b) => a.injected - b.injected),
    recovery,
    operation: (id) => byId.get(id),
  };
}

type Told = Exclude<HistoryEvent, LedgerEvent | { type: "fault" | "recovery" | "death" }>;

function readOperationEvent(found: Found | undefined, event: Told, index: number): void {
  if (!found) return;
  if (event.type === "invoke") {
    const { request, identity } = event;
    found.invoke = { index, ...(request && { request }), ...(identity !== undefined && { identity }) };
  } else if (event.type === "learned") found.learned = event.outcome;
  else if (event.type === "attempt") {
    if (event.phase === "started") found.attempts[event.child ?? 0] = (found.attempts[event.child ?? 0] ?? 0) + 1;
  } else found.completion = { index, event };
}

function recordsOf(all: Found[]): OperationRecord[] {
  const invoked = all.filter(({ invoke }) => invoke !== undefined);
  const interruptions = interruptionsOf(invoked);
  return invoked.map((one) => new OperationRecord(fieldsOf(one, interruptions))).sort((a, b) => a.invoked - b.invoked);
}

const NOBODY: ReadonlySet<ReferringKind> = new Set();

/** Under which name the interruptions of an operation are known: of one of several with the same identity, they are of all. */
const sharedName = ({ operation, invoke }: Found): string => invoke?.identity ?? operation.id;

function interruptionsOf(invoked: Found[]): Map<string, Set<ReferringKind>> {
  const names = new Map(invoked.map((one) => [one.operation.id, sharedName(one)]));
  const interruptions = new Map<string, Set<ReferringKind>>();
  for (const { operation } of invoked) {
    if (operation.kind !== "cancel" && operation.kind !== "terminate") continue;
    const name = names.get(operation.of ?? "") ?? operation.of ?? "";
    const known = interruptions.get(name);
    if (known) known.add(operation.kind);
    else interruptions.set(name, new Set([operation.kind]));
  }
  return interruptions;
}

function fieldsOf(found: Found, interruptions: ReadonlyMap<string, ReadonlySet<ReferringKind>>): Fields {
  const { operation, invoke, completion, learned, attempts } = found;
  const event = completion?.event;
  const { result, error } = endOf(event, learned);
  const isTold = event !== undefined && event.type !== "info";
  return {
    id: operation.id,
    kind: operation.kind,
    client: operation.client,
    args: operation.args,
    route: operation.route,
    of: operation.of,
    request: invoke?.request,
    identity: invoke?.identity,
    invoked: invoke?.index ?? Number.POSITIVE_INFINITY,
    completed: isTold && completion ? completion.index : Number.POSITIVE_INFINITY,
    left: completion?.index ?? Number.POSITIVE_INFINITY,
    outcome: event?.type ?? "info",
    result,
    error,
    invocation: event?.invocation,
    interruptedBy: interruptions.get(sharedName(found)) ?? NOBODY,
    attempts: attempts[0] ?? 0,
    // a child of which nothing was seen leaves a hole, which map would leave as well
    childAttempts: Array.from(attempts.slice(1), (count) => count ?? 0),
  };
}

function endOf(event: CompletionEvent | undefined, learned: Found["learned"]): { result?: Json; error?: Failure } {
  if (event?.type === "ok") return { result: event.value };
  if (event?.type === "fail") return { error: { code: event.code, message: event.message } };
  if (learned && "value" in learned) return { result: learned.value };
  if (event?.error) return { error: event.error };
  return learned ? { error: learned } : {};
}

/**
 * Operations with the same identity are one request: from the first invoke to the first answer. Whoever was told that it
 * succeeded is right for all; then whoever was told that it failed.
 */
export function mergeDuplicates(operations: readonly OperationRecord[]): OperationRecord[] {
  const merged: OperationRecord[] = [];
  const places = new Map<string, number>();
  const groups = new Map<string, OperationRecord[]>();
  for (const one of operations) {
    const group = one.identity === undefined ? undefined : groups.get(one.identity);
    if (group) {
      group.push(one);
      continue;
    }
    if (one.identity !== undefined) {
      groups.set(one.identity, [one]);
      places.set(one.identity, merged.length);
    }
    merged.push(one);
  }
  for (const [identity, group] of groups) if (group.length > 1) merged[places.get(identity) ?? 0] = mergedRecord(group);
  return merged;
}

function mergedRecord(group: OperationRecord[]): OperationRecord {
  const [first] = group;
  if (!first) throw new Error("nothing to merge");
  const told = group.toSorted((a, b) => a.completed - b.completed);
  const teller =
    told.find(({ outcome }) => outcome === "ok") ??
    group.find(({ result }) => result !== undefined) ??
    told.find(({ outcome }) => outcome === "fail") ??
    group.find(({ error }) => error !== undefined) ??
    group.at(-1) ??
    first;
  return new OperationRecord({
    ...first,
    completed: teller.completed,
    left: teller.left,
    outcome: teller.outcome,
    result: teller.result,
    error: teller.error,
    invocation: teller.invocation,
    attempts: group.reduce((sum, { attempts }) => sum + attempts, 0),
  });
}
