/** Declares properties and writes histories, for the tests of checks, groups and scenarios. */
import type { Checker, Evidence } from "../check/index.ts";
import {
  type AttemptEvent,
  type Fields,
  type Final,
  type History,
  type HistoryEvent,
  type LedgerEvent,
  OperationRecord,
} from "../history/index.ts";
import type { Fault, Json, Moment, Operation, ReferringKind } from "../plan/index.ts";
import { type KindDefinition, plain } from "./definition.ts";
import type { AnyKind, ArgsOf } from "./kind.ts";
import { declaredProperties, type Property, type PropertyOptions, property } from "./property.ts";

/** The property of these options, with an invariant that always holds where they have none. */
export function propertyOf({
  name = "a property",
  ...options
}: Partial<PropertyOptions> & Pick<PropertyOptions, "operations"> & { name?: string }): Property {
  property(name, {
    pattern: "a pattern",
    invariants: { "it holds": () => ({ verdict: "valid" }) },
    scenarios: {},
    ...options,
  });
  const complete = declaredProperties().at(-1);
  if (!complete) throw new Error("nothing was declared");
  return complete;
}

/** Gives kinds the names that a property would give them; answers what shared checks are made of. */
export function named(kinds: Readonly<Record<string, AnyKind>>): ReadonlyMap<string, KindDefinition> {
  for (const [name, { definition }] of Object.entries(kinds)) definition.name = name;
  return new Map(Object.entries(kinds).map(([name, { definition }]) => [name, definition]));
}

type Untimed = HistoryEvent extends infer Event ? (Event extends HistoryEvent ? Omit<Event, "at"> : never) : never;
type Failed = { code: number; message: string };

/** A history, written event by event. Time goes on by one millisecond with each; `operation` is always an id. */
export class Script {
  readonly #operations: Operation[] = [];
  readonly #faults: Fault[] = [];
  readonly #events: HistoryEvent[] = [];
  readonly #moments: Moment[] = [];
  #now = 0;

  /** The next event happens at this time. */
  at(milliseconds: number): this {
    this.#now = milliseconds;
    return this;
  }
  /** An operation of a kind is invoked, by a client of its own unless the placement names one. */
  invoke<Kind extends AnyKind>(id: string, kind: Kind, args: ArgsOf<Kind>, placement: Partial<Operation> = {}): this {
    const { definition } = kind;
    const operation: Operation = { id, client: `c-${id}`, kind: definition.name, args: plain(args), ...placement };
    this.#operations.push(operation);
    const identity = definition.identity(operation.args, operation.route);
    const request = definition.request(operation.args, operation.route);
    return this.event({ type: "invoke", operation: id, request, ...(identity !== undefined && { identity }) });
  }
  /** An operation about another is invoked. */
  about(id: string, kind: ReferringKind, of: string): this {
    this.#operations.push({ id, client: `c-${id}`, kind, args: null, of });
    return this.event({ type: "invoke", operation: id });
  }
  ok(operation: string, value: Json = null, invocation?: string): this {
    return this.event({ type: "ok", operation, value, ...(invocation !== undefined && { invocation }) });
  }
  fail(operation: string, code = 500, message = "refused", invocation?: string): this {
    return this.event({ type: "fail", operation, code, message, ...(invocation !== undefined && { invocation }) });
  }
  /** Nobody knows what became of it; with an error, that is what its client heard. */
  info(operation: string, error?: Failed): this {
    return this.event({ type: "info", operation, reason: "connection lost", ...(error && { error }) });
  }
  learned(operation: string, outcome: { value: Json } | Failed): this {
    return this.event({ type: "learned", operation, outcome });
  }
  /** @param what "system action key" */
  effect(what: string, more: Partial<LedgerEvent> = {}): this {
    const [system = "", action = "", key = ""] = what.split(" ");
    return this.event({ type: "effect", system, action, key, ...more });
  }
  /** @param what "o1 started", or "o1/2 failed" for its second child */
  attempt(what: string, more: Partial<AttemptEvent> = {}): this {
    const [who = "", phase] = what.split(" ");
    const [operation = "", child] = who.split("/");
    return this.event({
      type: "attempt",
      operation,
      ...(child !== undefined && { child: Number(child) }),
      invocation: `inv-${who}`,
      target: "service/handler",
      attempt: 1,
      phase: phase as AttemptEvent["phase"],
      ...more,
    });
  }
  /** A fault is injected at a moment; by default before an external call of the operation. */
  inject(id: string, kind: string, operation: string, more: Partial<Fault> = {}): this {
    this.#faults.push({ id, kind, at: { at: "effect", operation, call: 1, when: "before" }, ...more });
    return this.event({ type: "fault", fault: id, kind, phase: "injected" });
  }
  heal(id: string): this {
    const kind = this.#faults.find((fault) => fault.id === id)?.kind ?? "";
    return this.event({ type: "fault", fault: id, kind, phase: "healed" });
  }
  recovery(): this {
    return this.event({ type: "recovery" });
  }
  /** The run came to a moment. That is no event. */
  moment(moment: Moment): this {
    this.#moments.push(moment);
    return this;
  }
  event(event: Untimed): this {
    this.#events.push({ ...event, at: this.#now++ } as HistoryEvent);
    return this;
  }

  history(final: Partial<Final> = {}): History {
    return {
      plan: { operations: this.#operations, faults: this.#faults },
      operations: this.#operations,
      stack: "none",
      events: this.#events,
      final: { quiescent: true, unfinished: [], state: {}, ...final },
      moments: this.#moments,
    };
  }
}

/** What a check says of a history: undefined when it holds. @throws when it does not know */
export async function complaint(check: Checker, history: History): Promise<Evidence | undefined> {
  const verdict = await check(history);
  if (verdict.verdict === "unknown") throw new Error(`unknown: ${verdict.reason}`);
  return verdict.verdict === "invalid" ? verdict.evidence : undefined;
}

/** The record of an operation that nobody has told anything of. */
export const recordOf = (fields: Partial<Fields> = {}): OperationRecord =>
  new OperationRecord({
    id: "o1",
    kind: "any",
    client: "c1",
    args: null,
    route: undefined,
    of: undefined,
    request: undefined,
    identity: undefined,
    invoked: 0,
    completed: Number.POSITIVE_INFINITY,
    left: Number.POSITIVE_INFINITY,
    outcome: "info",
    result: undefined,
    error: undefined,
    invocation: undefined,
    interruptedBy: new Set(),
    attempts: 0,
    childAttempts: [],
    ...fields,
  });
