import { type Budget, defaultBudget } from "../checker.ts";
import type { Model, Observed } from "../model.ts";
import { describeState } from "../words.ts";
import { now } from "./clock.ts";
import type { Stepwise } from "./drive.ts";
import { Memory, OutOfMemory } from "./memory.ts";
import { PartitionSearch } from "./partition-search.ts";

/** What the search found; `operations` are positions in what it was given. */
export type Finding = { verdict: "valid" } | Violation | { verdict: "unknown"; reason: string };

export interface Violation {
  verdict: "invalid";
  /** the partition that has no linearization */
  operations: readonly number[];
  /** the operation whose answer no order can pass */
  blocked: number;
  /** the states, in words, one of which every order leaves that fits all answers before that one; absent if unknown */
  states: string[] | undefined;
  /** the longest orders that fit, longest first, each with the state that it leads to, in words */
  deadEnds: { order: number[]; state: string; blocked: number }[];
  /** how much work it was to find out */
  work: number;
}

/** So many partial linearizations are kept of a failed search. */
const deadEndsKept = 5;

/** Steps that each partition gets in the first turn; each turn gives twice as many. */
const firstTurn = 2_000;

/**
 * The search for a linearization of operations, in slices: `step` until it answers. Partitions take turns that grow,
 * so that a hard one does not hide what is easily seen in another.
 */
export class Search<State, Input, Output> implements Stepwise<Finding> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Observed<Input, Output>[];
  readonly #milliseconds: number;
  readonly #memory: Memory;
  readonly #work: Generator<void, Finding>;
  #spent = 0;
  #sliceEnd = 0;
  #expired = false;
  #finding: Finding | undefined;

  constructor(model: Model<State, Input, Output>, operations: readonly Observed<Input, Output>[], budget: Budget = {}) {
    this.#model = model;
    this.#operations = operations;
    this.#milliseconds = budget.milliseconds ?? defaultBudget.milliseconds;
    this.#memory = new Memory(budget.bytes ?? defaultBudget.bytes);
    this.#work = this.#rounds();
  }

  /**
   * Searches on for about that long.
   * @returns undefined as long as there is more to do
   * @throws ModelFault
   */
  step(milliseconds: number): Finding | undefined {
    if (this.#finding !== undefined) return this.#finding;
    const start = now();
    this.#sliceEnd = start + Math.min(milliseconds, this.#milliseconds - this.#spent);
    this.#finding = this.#advance();
    this.#spent += now() - start;
    if (this.#finding === undefined && this.#spent >= this.#milliseconds)
      this.#finding = { verdict: "unknown", reason: `no answer within ${this.#milliseconds} ms` };
    return this.#finding;
  }

  #advance(): Finding | undefined {
    this.#expired = false;
    try {
      const result = this.#work.next();
      return result.done ? result.value : undefined;
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
      return { verdict: "unknown", reason: `no answer within ${this.#memory.limit} bytes of memory` };
    }
  }

  #isOver = (): boolean => {
    this.#expired ||= now() >= this.#sliceEnd;
    return this.#expired;
  };

  *#rounds(): Generator<void, Finding> {
    let open = yield* this.#partitions();
    for (let turn = firstTurn; open.length > 0; turn *= 2) {
      const next: Part<State, Input, Output>[] = [];
      for (const part of open) {
        const linearizable = yield* this.#take(part, turn);
        if (linearizable === false) return this.#violation(part);
        if (linearizable === undefined) next.push(part);
        else part.search?.release();
      }
      open = next;
    }
    return { verdict: "valid" };
  }

  #violation({ numbers, search }: Part<State, Input, Output>): Violation {
    const { work, blocked } = search!;
    const deadEnds = search!.deadEnds(deadEndsKept).map(({ state, ...rest }) => ({
      ...rest,
      state: describeState(this.#model, state),
    }));
    const states = search!.furthestStates()?.map((state) => describeState(this.#model, state));
    return { verdict: "invalid", operations: numbers, blocked, states, deadEnds, work };
  }

  *#take(part: Part<State, Input, Output>, work: number): Generator<void, boolean | undefined> {
    const own = part.numbers.map((number) => this.#operations[number]!);
    part.search ??= new PartitionSearch(this.#model, own, part.numbers, this.#memory);
    const enough = part.search.work + work;
    while (part.search.work < enough) {
      const result = part.search.run(enough - part.search.work, this.#isOver);
      if (result !== undefined) return result;
      if (this.#expired) yield;
    }
    return undefined;
  }

  *#partitions(): Generator<void, Part<State, Input, Output>[]> {
    const model = this.#model;
    const parts = new Map<string, Part<State, Input, Output>>();
    for (let i = 0; i < this.#operations.length; i++) {
      const key = model.partition?.(this.#operations[i]!.input) ?? "";
      const part = parts.get(key);
      if (part === undefined) parts.set(key, { numbers: [i], search: undefined });
      else part.numbers.push(i);
      if (i % 1024 === 0 && this.#isOver()) yield;
    }
    return [...parts.values()];
  }
}

interface Part<State, Input, Output> {
  numbers: number[];
  search: PartitionSearch<State, Input, Output> | undefined;
}
