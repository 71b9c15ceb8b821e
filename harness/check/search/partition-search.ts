import { type Model, ModelFault, type Observed } from "../model.ts";
import { CoarseSearch } from "./coarse-search.ts";
import { Descent, type DeadEnd as Found } from "./descent.ts";
import { Memory, OutOfMemory } from "./memory.ts";
import { type Schedule, schedule } from "./schedule.ts";
import { Transitions } from "./transitions.ts";

/** How far an order of operations can go that fits all answers up to there. */
export interface DeadEnd<State> {
  /** the operations that took effect, in this order, as the caller numbers them */
  order: number[];
  /** the state that they lead to */
  state: State;
  /** the operation whose answer comes next and does not fit */
  blocked: number;
}

/** What the exact descent may cost, in steps, before it gets company: so much at all, and for each answer. */
const alone = 16_384;
const aloneEach = 64;
/** The coarse search may fill this part of the memory. */
const coarseShare = 0.25;

/** One way to come to an answer, with the memory that it fills. */
interface Way<State, Input, Output> {
  search: Descent | CoarseSearch;
  transitions: Transitions<State, Input, Output>;
  memory: Memory;
}

/**
 * Decides whether one partition has a linearization.
 *
 * A descent that heeds every optional operation mostly comes to its end soon. With many of them it may never do so: what
 * could have been used instead of what multiplies, and nearly none of it matters. Then a coarse search goes along, and
 * they take turns: each of them can be lost where the other is done at once.
 */
export class PartitionSearch<State, Input, Output> {
  /** position of each operation in what the caller knows */
  readonly #numbers: readonly number[];
  readonly #memory: Memory;
  readonly #transitions: Transitions<State, Input, Output>;
  readonly #preparation: Generator<void, Schedule>;
  readonly #coarseOnly: boolean;
  #plan: Schedule | undefined;
  #exact: Way<State, Input, Output> | undefined;
  #coarse: Way<State, Input, Output> | undefined;
  #coarseBegan = false;
  #furthest = 0;
  #failed: Way<State, Input, Output> | undefined;

  /** @param options `coarseOnly`: leaves out the exact descent, for tests of the other */
  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Observed<Input, Output>[],
    numbers: readonly number[],
    memory: Memory,
    { coarseOnly = false }: { coarseOnly?: boolean } = {},
  ) {
    this.#numbers = numbers;
    this.#coarseOnly = coarseOnly;
    this.#memory = new Memory(memory.limit, memory);
    this.#transitions = new Transitions(model, this.#memory);
    const isRead = (operation: Observed<Input, Output>) => model.reads?.(operation.input) ?? false;
    this.#preparation = schedule(operations, this.#transitions, isRead, this.#memory);
  }

  /** steps done so far */
  get work(): number {
    return (this.#exact?.search.work ?? 0) + (this.#coarse?.search.work ?? 0);
  }

  /**
   * Searches on, for about `work` steps and until `expired` says so.
   * @returns whether there is a linearization, or undefined as long as that is open
   * @throws ModelFault, OutOfMemory
   */
  run(work: number, expired: () => boolean): boolean | undefined {
    for (let enough = this.work + work; this.work < enough; ) {
      const plan = this.#prepare(expired);
      if (plan === undefined || expired()) return undefined;
      const way = this.#next(plan);
      const before = this.work;
      try {
        const found = way.search.run(Math.min(alone, enough - before), expired);
        if (found === false) {
          this.#failed = way;
          this.#furthest = way.search.furthest;
        }
        if (found !== undefined) return found;
      } catch (error) {
        this.#giveUp(way, error);
        enough -= before - this.work;
      }
    }
    return undefined;
  }

  /** After a failure: the operation whose answer no order can pass, as the caller numbers it. */
  get blocked(): number {
    const { windowStart, windowOperation } = this.#plan!;
    return this.#numbers[windowOperation[windowStart[this.#furthest]!]!]!;
  }

  /** After a failure: the states, one of which every order leaves that fits all answers before the blocked one, if known. */
  furthestStates(): State[] | undefined {
    const { search, transitions } = this.#failed!;
    return search.furthestStates()?.map((state) => transitions.state(state));
  }

  /** After a failure: orders that went furthest, longest first, that lead to different states. */
  deadEnds(limit: number): DeadEnd<State>[] {
    const ways = [this.#exact, this.#coarse].filter((way) => way !== undefined);
    const lists = ways.map(({ search, transitions }) =>
      search.deadEnds(limit).map(
        ({ order, state, blocked }: Found): DeadEnd<State> => ({
          order: order.map((operation) => this.#numbers[operation]!),
          state: transitions.state(state),
          blocked: this.#numbers[blocked]!,
        }),
      ),
    );
    return lists.reduce((a, b) => (a[0]!.order.length >= b[0]!.order.length ? a : b));
  }

  /** Lets go of what it holds, as far as the count of memory is concerned. */
  release(): void {
    this.#memory.release();
  }

  #prepare(expired: () => boolean): Schedule | undefined {
    while (this.#plan === undefined) {
      const { done, value } = this.#named(() => this.#preparation.next());
      if (done) this.#plan = value;
      else if (expired()) return undefined;
    }
    return this.#plan;
  }

  /** Whose turn it is; each begins when it is first called for. */
  #next(plan: Schedule): Way<State, Input, Output> {
    if (this.#exact === undefined && !this.#coarseBegan && !this.#coarseOnly) {
      const memory = new Memory(this.#memory.limit, this.#memory);
      const search = new Descent(plan, this.#transitions, new Set(plan.classes.keys()), memory);
      this.#exact = { search, transitions: this.#transitions, memory };
    }
    const exactWork = this.#exact?.search.work ?? Number.POSITIVE_INFINITY;
    const isWorthIt = plan.classes.length > 0 || this.#coarseOnly;
    if (!this.#coarseBegan && isWorthIt && exactWork >= alone + aloneEach * plan.rounds) {
      const memory = new Memory(coarseShare * this.#memory.limit, this.#memory);
      const transitions = this.#transitions.afresh(memory);
      this.#coarse = { search: new CoarseSearch(plan, transitions, memory), transitions, memory };
      this.#coarseBegan = true;
    }
    const isExactsTurn = this.#coarse === undefined || exactWork <= this.#coarse.search.work;
    return (isExactsTurn ? this.#exact : this.#coarse)!;
  }

  #giveUp(way: Way<State, Input, Output>, error: unknown): void {
    const isLast = this.#exact === undefined || this.#coarse === undefined;
    if (!(error instanceof OutOfMemory) || isLast) throw this.#name(error);
    if (way === this.#exact) this.#exact = undefined;
    else this.#coarse = undefined;
    way.memory.release();
  }

  #named<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw this.#name(error);
    }
  }

  /** Names the operation of a fault of the model as the caller does. */
  #name(error: unknown): unknown {
    if (!(error instanceof ModelFault) || error.operation === undefined) return error;
    return new ModelFault(error.message, this.#numbers[error.operation], error.cause);
  }
}
