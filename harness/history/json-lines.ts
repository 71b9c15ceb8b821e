import type { Json, Operation, Plan } from "../plan/index.ts";
import type { Final, History, HistoryEvent } from "./history.ts";
import { UnusableHistory } from "./unusable.ts";

/**
 * A history as JSON lines: first what was planned, `{ plan, stack }`, then the events, last what stood at the end,
 * `{ final }`; so that one that was cut off shows it.
 */
export function writeHistory({ plan, stack, events, final }: History): string {
  return [{ plan, stack }, ...events, { final }].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** @throws UnusableHistory, naming the line */
export function readHistory(text: string): History {
  const lines = linesOf(text);
  const [first, last] = [lines.shift(), lines.pop()];
  if (!first || !isObject(first.value.plan) || typeof first.value.stack !== "string")
    throw new UnusableHistory("a history begins with { plan, stack }", first?.line ?? 1);
  const plan = first.value.plan as unknown as Plan;
  if (!last || !isObject(last.value.final))
    throw new UnusableHistory("the history is cut off: it does not end with { final }", last?.line ?? first.line);
  const order = new Order(plan);
  const events = lines.map(({ value, line }) => {
    const event = value as unknown as HistoryEvent;
    order.check(event, line);
    return event;
  });
  return { plan, stack: first.value.stack, events, final: last.value.final as unknown as Final };
}

/** Refuses a history whose events cannot have come about. `line` of the error is the number of the event, from 1. */
export function validateHistory(history: History): void {
  const order = new Order(history.plan);
  history.events.forEach((event, index) => {
    order.check(event, index + 1);
  });
}

const others: ReadonlySet<string> = new Set(["fault", "attempt", "effect", "repeat", "refusal", "lapse"]);

/** The order that every history keeps: operations of the plan, one at a time for each client, and time. */
class Order {
  readonly #operations: Map<string, Operation>;
  readonly #state = new Map<string, "open" | "completed">();
  readonly #open = new Map<string, string>();
  #time = Number.NEGATIVE_INFINITY;
  constructor(plan: Plan) {
    this.#operations = new Map(plan.operations.map((operation) => [operation.id, operation]));
  }

  check(event: HistoryEvent, line: number): void {
    if (typeof event.at !== "number") throw new UnusableHistory("an event without a time", line);
    if (event.at < this.#time) throw new UnusableHistory(`time goes back from ${this.#time} to ${event.at}`, line);
    this.#time = event.at;
    if (event.type === "invoke") this.#invoke(event.operation, line);
    else if (event.type === "ok" || event.type === "fail" || event.type === "info")
      this.#complete(event.operation, line);
    else if (!others.has(event.type)) throw new UnusableHistory("an event without a known type", line);
  }

  #invoke(id: string, line: number): void {
    const operation = this.#operations.get(id);
    if (!operation) throw new UnusableHistory(`${id} is not in the plan`, line);
    if (this.#state.has(id)) throw new UnusableHistory(`${id} is invoked twice`, line);
    const other = this.#open.get(operation.client);
    if (other !== undefined)
      throw new UnusableHistory(`client ${operation.client} invokes ${id} while its ${other} is open`, line);
    this.#state.set(id, "open");
    this.#open.set(operation.client, id);
  }

  #complete(id: string, line: number): void {
    if (this.#state.get(id) !== "open") throw new UnusableHistory(`${id} completes without being open`, line);
    this.#state.set(id, "completed");
    this.#open.delete(this.#operations.get(id)!.client);
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
