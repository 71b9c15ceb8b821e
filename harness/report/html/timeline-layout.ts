/**
 * Where everything of a history goes in its space-time diagram: lanes side by side, time downwards. Pure geometry. A
 * place in time is the index of an event; the drawing turns it into a row, or into a height on the time scale.
 */

import {
  type AttemptEvent,
  type History,
  type HistoryEvent,
  isCompletion,
  type LedgerEvent,
} from "../../history/index.ts";
import type { Operation } from "../../plan/index.ts";
import { label, operationOf } from "../narrate.ts";
import { pack } from "./pack.ts";

export interface Lane {
  group: "clients" | "invocations" | "systems";
  title: string;
  /** a second line: what the lane belongs to */
  subtitle?: string;
}

/** One event. */
export interface Mark {
  event: number;
  /** absent for faults and the recovery, which go across all lanes, and for an event of an operation that nobody knows */
  lane?: number;
  /** position among bars that overlap in the lane, from 0 */
  slot: number;
  /** the event at the other end of the bar that this one begins or ends; the last of all when nothing ended it */
  opposite?: number;
  /** what it looks like: the event's phase if it has one, else its type */
  look: string;
  label: string;
  operation?: string;
}

/** Something that lasts from one event to another, or to the end when nothing ended it. */
export interface Bar {
  what: "operation" | "attempt" | "fault";
  /** absent for a fault */
  lane?: number;
  slot: number;
  from: number;
  to?: number;
  /** the look of the mark at its end */
  end: string;
  operation?: string;
}

/** Something that passes between two lanes at the moment of an event. */
export interface Link {
  event: number;
  from: number;
  to: number;
  /** of a client or a parent to an invocation, of an attempt to an external system, of an invocation to a client */
  what: "call" | "request" | "answer";
  /** a request of an attempt that was over by then: a zombie's, or one that was on its way */
  late?: boolean;
}

export interface Layout {
  lanes: Lane[];
  marks: Mark[];
  bars: Bar[];
  links: Link[];
}

/** More invocations than these share lanes, each lane being taken again once an invocation in it is over. */
const mostInvocationLanes = 14;

export function layOut({ events, operations }: Pick<History, "events" | "operations">): Layout {
  const clients = distinct(operations.map(({ client }) => client)).sort(byName);
  const clientOf = new Map(operations.map(({ id, client }) => [id, clients.indexOf(client)]));
  const invocations = invocationLanes(events, operations, clients.length);
  const systems = distinct(events.flatMap((event) => ("system" in event ? [event.system] : [])));
  const firstSystem = clients.length + invocations.lanes.length;
  const laneOf = (event: HistoryEvent): number | undefined => {
    if (event.type === "fault" || event.type === "recovery" || event.type === "death") return undefined;
    if (event.type === "attempt") return invocations.laneOf.get(event.invocation);
    return "system" in event ? firstSystem + systems.indexOf(event.system) : clientOf.get(event.operation);
  };
  const bars = inSlots(barsOf(events, laneOf));
  return {
    lanes: [
      ...clients.map((client): Lane => ({ group: "clients", title: `client ${client}` })),
      ...invocations.lanes,
      ...systems.map((system): Lane => ({ group: "systems", title: system })),
    ],
    marks: marks(events, operations, laneOf, bars, invocations.shared),
    bars,
    links: links(events, laneOf, clientOf, invocations.laneOf),
  };
}

function marks(
  events: HistoryEvent[],
  operations: readonly Operation[],
  laneOf: (event: HistoryEvent) => number | undefined,
  bars: Bar[],
  shared: boolean,
): Mark[] {
  const barAt = new Map(bars.flatMap((bar) => [[bar.from, bar] as const, [bar.to ?? bar.from, bar] as const]));
  return events.map((event, index) => {
    const lane = laneOf(event);
    const operation = operationOf(event);
    const bar = barAt.get(index);
    const opposite = bar?.from === index ? (bar.to ?? events.length - 1) : bar?.from;
    const begins = event.type === "attempt" && event.phase === "started";
    return {
      event: index,
      ...(lane === undefined ? {} : { lane }),
      slot: bar?.slot ?? 0,
      ...(opposite === undefined ? {} : { opposite }),
      look: "phase" in event ? event.phase : event.type,
      label: shared && begins ? `${event.target} ${label(event, { operations })}` : label(event, { operations }),
      ...(operation === undefined ? {} : { operation }),
    };
  });
}

/** What is known of an invocation from its attempts. */
interface Invocation {
  id: string;
  target: string;
  operation: string;
  child: number;
  from: number;
  to: number;
}

/** A lane for each invocation, children after their parent, or as many shared lanes as overlapping ones need. */
function invocationLanes(events: HistoryEvent[], operations: readonly Operation[], firstLane: number) {
  const invocations = invocationsOf(events, operations);
  const shared = invocations.length > mostInvocationLanes;
  const columns = shared ? pack(invocations) : invocations.map((_, index) => index);
  const laneOf = new Map(invocations.map(({ id }, index) => [id, firstLane + columns[index]!]));
  const lanes = shared
    ? distinct(columns).map((_, index): Lane => ({ group: "invocations", title: `lane ${index + 1}` }))
    : invocations.map((invocation): Lane => ({ group: "invocations", ...titles(invocation, events) }));
  return { lanes, laneOf, shared };
}

function invocationsOf(events: HistoryEvent[], operations: readonly Operation[]): Invocation[] {
  const found = new Map<string, Invocation>();
  events.forEach((event, index) => {
    if (event.type !== "attempt") return;
    const known = found.get(event.invocation);
    if (known !== undefined) known.to = index;
    else
      found.set(event.invocation, { id: event.invocation, ...event, child: event.child ?? 0, from: index, to: index });
  });
  const places = new Map(operations.map(({ id }, index) => [id, index]));
  const place = ({ operation }: Invocation) => places.get(operation) ?? operations.length;
  return [...found.values()].sort((a, b) => place(a) - place(b) || a.child - b.child || a.from - b.from);
}

function titles({ id, target, operation, child }: Invocation, events: HistoryEvent[]) {
  if (child > 0) return { title: `↳\u00a0${target}`, subtitle: `child ${child} of ${operation}` };
  const answered = events.flatMap((event) => (isCompletion(event) && event.invocation === id ? [event.operation] : []));
  return { title: target, subtitle: distinct([operation, ...answered]).join(", ") };
}

/** Bars from the events that begin them to those that end them, all still in slot 0. */
function barsOf(events: HistoryEvent[], laneOf: (event: HistoryEvent) => number | undefined): Bar[] {
  const bars: Bar[] = [];
  const open = new Map<string, Bar>();
  events.forEach((event, index) => {
    const part = partOf(event);
    if (part === undefined) return;
    const lane = laneOf(event);
    const operation = operationOf(event);
    if (part.begins) {
      const bar: Bar = { what: part.what, slot: 0, from: index, end: "open" };
      if (lane !== undefined) bar.lane = lane;
      if (operation !== undefined) bar.operation = operation;
      bars.push(bar);
      open.set(part.key, bar);
      return;
    }
    const bar = open.get(part.key);
    if (bar === undefined) return;
    bar.to = index;
    bar.end = "phase" in event ? event.phase : event.type;
    open.delete(part.key);
  });
  // A fault that is injected once and leaves nothing to heal has no duration.
  return bars.filter((bar) => bar.what !== "fault" || bar.to !== undefined);
}

/** Which lasting thing an event begins or ends. */
function partOf(event: HistoryEvent): { what: Bar["what"]; key: string; begins: boolean } | undefined {
  switch (event.type) {
    case "invoke":
    case "ok":
    case "fail":
    case "info":
      return { what: "operation", key: `operation ${event.operation}`, begins: event.type === "invoke" };
    case "attempt":
      return {
        what: "attempt",
        key: `attempt ${event.attempt} ${event.invocation}`,
        begins: event.phase === "started",
      };
    case "fault":
      return { what: "fault", key: `fault ${event.fault}`, begins: event.phase === "injected" };
    default:
      return undefined;
  }
}

/** Overlapping bars of one lane side by side. */
function inSlots(bars: Bar[]): Bar[] {
  return [...Map.groupBy(bars, ({ lane }) => lane).values()].flatMap((group) => {
    const slots = pack(group);
    return group.map((bar, index) => ({ ...bar, slot: slots[index]! }));
  });
}

function links(
  events: HistoryEvent[],
  laneOf: (event: HistoryEvent) => number | undefined,
  clientOf: Map<string, number>,
  invocationLane: Map<string, number>,
): Link[] {
  const found: Link[] = [];
  const add = (link: Omit<Link, "from" | "to">, from: number | undefined, to: number | undefined) => {
    if (from !== undefined && to !== undefined && from !== to) found.push({ ...link, from, to });
  };
  const begun = new Set<string>();
  const attempts = new Attempts();
  events.forEach((event, index) => {
    if (event.type === "attempt") {
      const parent = attempts.parentOf(event) ?? "";
      const caller = event.child === undefined ? clientOf.get(event.operation) : invocationLane.get(parent);
      if (!begun.has(event.invocation)) add({ what: "call", event: index }, caller, laneOf(event));
      begun.add(event.invocation);
      attempts.see(event);
    } else if ("system" in event) {
      const caller = attempts.caller(event);
      if (caller === undefined) return;
      add(
        { what: "request", event: index, late: !caller.running },
        invocationLane.get(caller.invocation),
        laneOf(event),
      );
    } else if (isCompletion(event) && begun.has(event.invocation ?? "")) {
      add({ what: "answer", event: index }, invocationLane.get(event.invocation ?? ""), laneOf(event));
    }
  });
  return found;
}

interface SeenAttempt {
  invocation: string;
  number: number;
  own: boolean;
  running: boolean;
}

/** Remembers which attempts run, to tell from which a request comes: the ledger names an operation, not a child. */
class Attempts {
  readonly #seen = new Map<string, SeenAttempt[]>();

  see({ operation, invocation, attempt: number, child, phase }: AttemptEvent): void {
    const attempts = this.#seen.get(operation) ?? [];
    this.#seen.set(operation, attempts);
    const known = attempts.findLast((attempt) => attempt.invocation === invocation && attempt.number === number);
    if (known !== undefined) known.running = phase === "started";
    else attempts.push({ invocation, number, own: child === undefined, running: phase === "started" });
  }

  /** The operation's own invocation. */
  parentOf({ operation }: AttemptEvent): string | undefined {
    return this.#seen.get(operation)?.find(({ own }) => own)?.invocation;
  }

  /**
   * The attempt that made a request, as far as the ledger names it. A lapse is nobody's request.
   * Where the invocation is not known: one that runs, the youngest first, else the operation's own.
   */
  caller({ type, operation, invocation, attempt }: LedgerEvent): SeenAttempt | undefined {
    if (operation === undefined || type === "lapse") return undefined;
    const attempts = this.#seen.get(operation) ?? [];
    const named = attempts.filter(
      (one) =>
        (attempt === undefined || one.number === attempt) &&
        (invocation === undefined || one.invocation === invocation),
    );
    return named.findLast(({ running }) => running) ?? named.findLast(({ own }) => own) ?? named.at(-1);
  }
}

const byName = new Intl.Collator("en", { numeric: true }).compare;
const distinct = <T>(items: T[]): T[] => [...new Set(items)];
