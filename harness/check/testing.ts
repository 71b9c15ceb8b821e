/** Makes histories and judges them the slow and certain way, for the tests of checkers. */
import type { Final, History, HistoryEvent, LedgerEvent } from "../history/index.ts";
import type { Json, Operation } from "../plan/index.ts";
import type { Model, Observed } from "./model.ts";

/** Writes down a history event by event; time goes on by one millisecond with each. */
export class Script {
  readonly #operations: Operation[] = [];
  readonly #events: HistoryEvent[] = [];
  #now = 0;

  at(milliseconds: number): this {
    this.#now = milliseconds;
    return this;
  }
  invoke(id: string, more: Partial<Operation> = {}): this {
    this.#operations.push({ id, client: id, kind: "any", args: null, ...more });
    return this.#add({ type: "invoke", operation: id });
  }
  ok(operation: string, value: Json = null, invocation?: string): this {
    return this.#add({ type: "ok", operation, value, ...(invocation === undefined ? {} : { invocation }) });
  }
  fail(operation: string, code = 500): this {
    return this.#add({ type: "fail", operation, code, message: "refused" });
  }
  info(operation: string): this {
    return this.#add({ type: "info", operation, reason: "connection lost" });
  }
  effect(action: string, key: string, more: Partial<LedgerEvent> = {}): this {
    return this.#add({ type: "effect", system: "world", action, key, ...more });
  }
  history(final: Partial<Final> = {}): History {
    return {
      plan: { operations: this.#operations, faults: [] },
      operations: this.#operations,
      stack: "none",
      events: this.#events,
      final: { quiescent: true, unfinished: [], state: {}, ...final },
    };
  }

  #add(event: Untimed): this {
    this.#events.push({ ...event, at: this.#now++ } as HistoryEvent);
    return this;
  }
}
type Untimed = HistoryEvent extends infer Event ? (Event extends HistoryEvent ? Omit<Event, "at"> : never) : never;

/** Tries every order. */
export function isLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Observed<Input, Output>[],
): boolean {
  const mustHappen = ({ return: end, output }: Observed<Input, Output>) => end !== undefined || output !== undefined;
  const goesOn = (state: State, left: readonly Observed<Input, Output>[]): boolean => {
    if (!left.some(mustHappen)) return true;
    return left.some((next) => {
      if (left.some((other) => other.return !== undefined && other.return < next.call)) return false;
      const rest = left.filter((other) => other !== next);
      return model.step(state, next.input, next.output).some((after) => goesOn(after, rest));
    });
  };
  return goesOn(model.init(), operations);
}

/** Every order of some items. */
export function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, k) => permutations(items.toSpliced(k, 1)).map((rest) => [item, ...rest]));
}
