import { z } from "zod";
import type { Json, Operation } from "../plan/index.ts";
import { History, HistoryEvent } from "./history.ts";
import { isCompletion } from "./records.ts";
import { UnusableHistory } from "./unusable.ts";

/**
 * A history as JSON lines: first what was planned and done, `{ plan, operations, stack }`, then the events, last what
 * stood at the end, `{ final }`; so that one that was cut off shows it.
 */
export function writeHistory({ plan, operations, stack, events, final }: History): string {
  return [{ plan, operations, stack }, ...events, { final }].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** @throws UnusableHistory, naming the line */
export function readHistory(text: string): History {
  const lines = linesOf(text);
  const [first, last] = [lines.shift(), lines.pop()];
  const head = Head.safeParse(first?.value);
  if (!head.success) throw new UnusableHistory("a history begins with { plan, operations, stack }", first?.line ?? 1);
  const tail = Tail.safeParse(last?.value);
  if (!tail.success)
    throw new UnusableHistory("the history is cut off: it does not end with { final }", last?.line ?? first?.line ?? 1);
  const order = new EventOrder(head.data.operations);
  const events = lines.map(({ value, line }) => {
    const read = HistoryEvent.safeParse(value);
    if (!read.success) throw new UnusableHistory(`no event of a history: ${z.prettifyError(read.error)}`, line);
    order.check(read.data, line);
    return read.data;
  });
  return { ...head.data, events, ...tail.data };
}

const Head = History.pick({ plan: true, operations: true, stack: true });
const Tail = History.pick({ final: true });

/** Refuses a history whose events cannot have come about. `line` of the error is the number of the event, from 1. */
export function validateHistory(history: History): void {
  const order = new EventOrder(history.operations);
  history.events.forEach((event, index) => {
    order.check(event, index + 1);
  });
}

/** The order that every history keeps: operations are known, one at a time for each client, and time goes on. */
class EventOrder {
  readonly #operations: Map<string, Operation>;
  readonly #state = new Map<string, "open" | "completed">();
  readonly #open = new Map<string, string>();
  #time = Number.NEGATIVE_INFINITY;
  constructor(operations: readonly Operation[]) {
    this.#operations = new Map(operations.map((operation) => [operation.id, operation]));
  }

  check(event: HistoryEvent, line: number): void {
    if (event.at < this.#time) throw new UnusableHistory(`time goes back from ${this.#time} to ${event.at}`, line);
    this.#time = event.at;
    if (event.type === "invoke") this.#invoke(event.operation, line);
    else if (isCompletion(event)) this.#complete(event.operation, line);
  }

  #invoke(id: string, line: number): void {
    const operation = this.#operations.get(id);
    if (!operation) throw new UnusableHistory(`${id} is not among the operations`, line);
    if (this.#state.has(id)) throw new UnusableHistory(`${id} is invoked twice`, line);
    const other = this.#open.get(operation.client);
    if (other !== undefined)
      throw new UnusableHistory(`client ${operation.client} invokes ${id} while its ${other} is open`, line);
    this.#state.set(id, "open");
    this.#open.set(operation.client, id);
  }

  #complete(id: string, line: number): void {
    const operation = this.#operations.get(id);
    if (!operation || this.#state.get(id) !== "open")
      throw new UnusableHistory(`${id} completes without being open`, line);
    this.#state.set(id, "completed");
    this.#open.delete(operation.client);
  }
}

interface Line {
  value: { [name: string]: Json };
  line: number;
}

function linesOf(text: string): Line[] {
  return text.split("\n").flatMap((content, at) => {
    if (content.trim() === "") return [];
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch {
      throw new UnusableHistory("no JSON, or cut off", at + 1);
    }
    if (!isObject(value)) throw new UnusableHistory("an event is an object", at + 1);
    return [{ value, line: at + 1 }];
  });
}

function isObject(value: unknown): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
