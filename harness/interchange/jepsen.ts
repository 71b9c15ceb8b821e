import { isDeepStrictEqual } from "node:util";
import { UnusableHistory } from "../history/index.ts";
import type { Json } from "../plan/index.ts";

/**
 * The interchange form of a history: one event as Jepsen records it. A process invokes `f` with a value, and its next
 * event completes that: `ok` with the value that it answered, `fail` when it did not happen, `info` when nobody knows.
 *
 * What JSON lacks is written as an object with one name that begins with #: a set `{ "#": [1, 2] }`, a tagged element
 * `{ "#inst": "2024-01-01" }`; a keyword is a string with its colon, ":timed-out".
 */
export interface JepsenEvent {
  type: "invoke" | "ok" | "fail" | "info";
  /** a number; or a name, such as ":nemesis", of something that is no client */
  process: number | string;
  /** without its colon: "read", "cas" */
  f: string;
  value: Json;
  /** key-value histories whose key is not part of the value */
  key?: Json;
  /** nanoseconds from the start */
  time?: number;
  /** why it failed, or is not known */
  error?: Json;
}

/** Events as they were read, and the line on which each stood, from 1. */
export interface JepsenHistory {
  events: JepsenEvent[];
  lines: number[];
  /** what is odd about it and does not keep it from being judged, in sentences */
  warnings: string[];
}

/** An event as it is written down; a history of transactions may leave out who and what. */
export type WrittenEvent = Omit<JepsenEvent, "process" | "f"> & Partial<Pick<JepsenEvent, "process" | "f">>;

/** An operation of such a history; `invoke` and `completion` are positions in the list of its events. */
export interface JepsenOperation {
  process: number;
  f: string;
  key?: Json;
  /** the value of the invocation */
  input: Json;
  /** `info` also for what was still open at the end */
  outcome: "ok" | "fail" | "info";
  /** the value of the completion, or null */
  value: Json;
  /** of the completion */
  error?: Json;
  invoke: number;
  completion: number | undefined;
}

/**
 * Takes the events of a history one by one and refuses what cannot be true: a completion without its invocation, or of
 * another function or key; two invocations open in one process.
 *
 * The order of the events is the order of time. Clocks may go back all the same: that is a warning.
 *
 * Where no event names a process, each invocation is a process of its own, and a completion belongs to the invocation
 * before it. What a list of lists is done with needs no name: it is a transaction.
 */
export class JepsenReader implements JepsenHistory {
  readonly events: JepsenEvent[] = [];
  readonly lines: number[] = [];
  readonly #open = new Map<number, JepsenEvent>();
  #time = Number.NEGATIVE_INFINITY;
  #goesBack: { times: number; line: number } | undefined;
  #anonymous: boolean | undefined;
  #invoked = 0;

  get warnings(): string[] {
    if (this.#goesBack === undefined) return [];
    const { times, line } = this.#goesBack;
    const often = times === 1 ? "once" : `${times} times, first`;
    return [`time goes back ${often} at line ${line}; the order of the lines counts, and not the times`];
  }

  /** @throws UnusableHistory, naming the line */
  add(written: WrittenEvent, line: number): void {
    const event = { ...written, process: this.#processOf(written, line), f: functionOf(written, line) };
    if (event.time !== undefined) {
      if (event.time < this.#time)
        this.#goesBack = { times: (this.#goesBack?.times ?? 0) + 1, line: this.#goesBack?.line ?? line };
      this.#time = event.time;
    }
    if (typeof event.process === "number") this.#follow(event, event.process, line);
    this.events.push(event);
    this.lines.push(line);
  }

  #processOf({ process, type }: WrittenEvent, line: number): number | string {
    this.#anonymous ??= process === undefined;
    if (this.#anonymous !== (process === undefined)) throw new UnusableHistory("an event without a process", line);
    if (process !== undefined) return process;
    if (type === "invoke") this.#invoked++;
    return this.#invoked - 1;
  }

  #follow(event: JepsenEvent, process: number, line: number): void {
    const open = this.#open.get(process);
    if (event.type === "invoke") {
      if (open) throw new UnusableHistory(`process ${process} invokes ${event.f} while its ${open.f} is open`, line);
      this.#open.set(process, event);
      return;
    }
    if (!open) throw new UnusableHistory(`process ${process} completes ${event.f} without having invoked it`, line);
    if (open.f !== event.f)
      throw new UnusableHistory(`process ${process} completes ${event.f}, but invoked ${open.f}`, line);
    if (!isDeepStrictEqual(open.key, event.key))
      throw new UnusableHistory(`process ${process} completes ${event.f} for another key than it invoked`, line);
    this.#open.delete(process);
  }
}

function functionOf({ f, value }: WrittenEvent, line: number): string {
  if (f !== undefined) return f;
  if (Array.isArray(value) && value.every((item) => Array.isArray(item))) return "txn";
  throw new UnusableHistory("an event without an f", line);
}

/** The operations of a history that a `JepsenReader` took, in the order of their invocations; clients' only. */
export function jepsenOperations(events: readonly JepsenEvent[]): JepsenOperation[] {
  const operations: JepsenOperation[] = [];
  const open = new Map<number, JepsenOperation>();
  events.forEach(({ type, process, f, key, value, error }, index) => {
    if (typeof process !== "number") return;
    if (type === "invoke") {
      const operation: JepsenOperation = {
        process,
        f,
        ...(key === undefined ? {} : { key }),
        input: value,
        outcome: "info",
        value: null,
        invoke: index,
        completion: undefined,
      };
      operations.push(operation);
      open.set(process, operation);
      return;
    }
    const operation = open.get(process)!;
    open.delete(process);
    operation.outcome = type;
    operation.value = value;
    if (error !== undefined) operation.error = error;
    operation.completion = index;
  });
  return operations;
}
