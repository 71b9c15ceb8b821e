import type { Model, Observed } from "../model.ts";
import { HashIndex, mix } from "./hash-index.ts";
import { Memory } from "./memory.ts";
import { Multisets } from "./multisets.ts";
import { Records } from "./records.ts";
import { type Schedule, schedule } from "./schedule.ts";
import { refused, Transitions } from "./transitions.ts";

/** How far an order of the operations can go that fits all answers up to there. */
export interface DeadEnd {
  /** the operations that took effect, in this order, as the caller numbers them */
  order: number[];
  /** the number of the state that they lead to */
  state: number;
  /** the operation whose answer comes next and does not fit */
  blocked: number;
}

/** A place in a search: what has taken effect so far, and where that has led. */
interface Configuration {
  round: number;
  state: number;
  /** the optional operations that were used, as a multiset of classes */
  used: number;
}

// A stored configuration, field by field; the mask of slots follows.
const ROUND = 0;
const STATE = 1;
const USED = 2;
const PARENT = 3;
/** the operation that led here from the parent: its number, or -1 - its class */
const VIA = 4;
/** what was tried last from here: a position in the window, or beyond it a class; and which of several next states */
const TRIED = 5;
const BRANCH = 6;
const MASK = 7;

/** How much work is done between two looks at the clock; a question to the model counts as `dear`. */
const portion = 256;
const dear = 64;

/**
 * Looks for a linearization of one partition, depth first, and remembers where it has been (Wing and Gong 1993; Lowe
 * 2017). It goes from answer to answer: before the r-th answer can be passed, its operation must have taken effect, and
 * other operations of the window take effect only for its sake (just-in-time linearization). A configuration is the
 * round, the state, and which operations of the window have taken effect.
 *
 * An optional operation only ever helps by what it does to the state. So of two configurations that differ in nothing
 * but the optional operations that they have used up, the one that has used no more than the other can do all that the
 * other can: the other is dropped.
 */
export class PartitionSearch<State, Input, Output> {
  readonly transitions: Transitions<State, Input, Output>;
  #furthest = 0;
  /** steps done so far */
  work = 0;
  /** position of each operation in what the caller knows */
  readonly #numbers: readonly number[];
  readonly #memory: Memory;
  readonly #preparation: Generator<void, Schedule>;
  #schedule: Schedule | undefined;
  #configurations!: Records;
  #index!: HashIndex;
  #multisets!: Multisets;
  #current = -1;
  // the configuration at hand
  readonly #at: Configuration = { round: 0, state: 0, used: 0 };
  #mask!: Int32Array;
  /** when it is wanted: takes down the reads that take effect */
  #passed: number[] | undefined;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly Observed<Input, Output>[],
    numbers: readonly number[],
    memory: Memory,
  ) {
    this.#numbers = numbers;
    this.#memory = new Memory(memory.limit, memory);
    this.transitions = new Transitions(model, this.#memory);
    const isRead = (operation: Observed<Input, Output>) => model.reads?.(operation.input) ?? false;
    this.#preparation = schedule(operations, this.transitions, isRead, this.#memory);
  }

  /**
   * Searches on, for about `work` steps and until `expired` says so.
   * @returns whether there is a linearization, or undefined as long as that is open
   */
  run(work: number, expired: () => boolean): boolean | undefined {
    while (this.#schedule === undefined) {
      const prepared = this.#preparation.next();
      if (prepared.done) this.#begin(prepared.value);
      if (expired()) return undefined;
    }
    const enough = this.work + work;
    while (this.work < enough) {
      for (let spent = 0; spent < portion; ) {
        if (this.#current < 0) return false;
        const asked = this.transitions.asked;
        if (this.#furthest === this.#schedule.rounds || this.#descend(this.#schedule)) return true;
        spent += 1 + dear * (this.transitions.asked - asked);
      }
      this.work += portion;
      if (expired()) return undefined;
    }
    return undefined;
  }

  /** After a failure: the operation whose answer no order can pass, as the caller numbers it. */
  get blocked(): number {
    const plan = this.#schedule!;
    return this.#numbers[plan.windowOperation[plan.windowStart[this.#furthest]!]!]!;
  }

  /** After a failure: orders that went furthest, longest first, that lead to different states. */
  deadEnds(limit: number): DeadEnd[] {
    const plan = this.#schedule!;
    const best = new Map<number, { length: number; configuration: number }>();
    for (let c = 0; c < this.#configurations.length; c++) {
      const length = this.#length(plan, c);
      const chunk = this.#configurations.chunk(c);
      const state = chunk[this.#configurations.offset(c) + STATE]!;
      if (length > (best.get(state)?.length ?? -1)) best.set(state, { length, configuration: c });
    }
    return [...best.values()]
      .sort((a, b) => b.length - a.length)
      .slice(0, limit)
      .map(({ configuration }) => this.#deadEnd(plan, configuration));
  }

  /** Lets go of what it holds, as far as the count of memory is concerned. */
  release(): void {
    this.#memory.release();
  }

  #begin(prepared: Schedule): void {
    this.#schedule = prepared;
    const words = Math.max(1, (prepared.slots + 31) >>> 5);
    this.#mask = new Int32Array(words);
    this.#configurations = new Records(MASK + words, this.#memory);
    this.#index = new HashIndex(this.#memory);
    this.#multisets = new Multisets(this.#memory);
    this.#advance(prepared);
    this.#enter(0, this.#hash());
  }

  /** How many operations have taken effect in a configuration. */
  #length(plan: Schedule, configuration: number): number {
    const chunk = this.#configurations.chunk(configuration);
    const base = this.#configurations.offset(configuration);
    const round = chunk[base + ROUND]!;
    let ahead = 0;
    for (let entry = plan.windowStart[round]!; entry < plan.windowStart[round + 1]!; entry++)
      if (isSet(chunk, base + MASK, plan.slot[plan.windowOperation[entry]!]!)) ahead++;
    return round + ahead + this.#multisets.size(chunk[base + USED]!);
  }

  #deadEnd(plan: Schedule, configuration: number): DeadEnd {
    const path: number[] = [];
    for (let c = configuration; c >= 0; ) {
      path.push(c);
      c = this.#configurations.chunk(c)[this.#configurations.offset(c) + PARENT]!;
    }
    const order: number[] = [];
    this.#passed = order;
    Object.assign(this.#at, { round: 0, state: 0, used: 0 });
    this.#mask.fill(0);
    this.#advance(plan);
    for (const c of path.reverse().slice(1)) {
      const chunk = this.#configurations.chunk(c);
      const base = this.#configurations.offset(c);
      const via = chunk[base + VIA]!;
      const candidates = plan.classes[-1 - via];
      order.push(candidates ? candidates.operations[this.#multisets.count(this.#at.used, -1 - via)]! : via);
      this.#take(plan, via, chunk[base + STATE]!, chunk[base + USED]!);
    }
    this.#passed = undefined;
    const blocked = plan.windowOperation[plan.windowStart[this.#at.round]!]!;
    return {
      order: order.map((operation) => this.#numbers[operation]!),
      state: this.#at.state,
      blocked: this.#numbers[blocked]!,
    };
  }

  /** Tries the next thing to do from the current configuration. True: all answers have been passed. */
  #descend(plan: Schedule): boolean {
    const chunk = this.#configurations.chunk(this.#current);
    const base = this.#configurations.offset(this.#current);
    const round = chunk[base + ROUND]!;
    const start = plan.windowStart[round]!;
    const tried = chunk[base + TRIED]!;
    const inWindow = tried < plan.windowStart[round + 1]! - start;
    if (inWindow) return this.#tryRequired(plan, chunk, base, start + tried);
    return this.#tryOptional(plan, chunk, base, tried - (plan.windowStart[round + 1]! - start));
  }

  #tryRequired(plan: Schedule, chunk: Int32Array, base: number, entry: number): boolean {
    const operation = plan.windowOperation[entry]!;
    const twin = plan.windowTwin[entry]!;
    // A read that could take effect in this state has done so already.
    if (
      plan.reads[operation] === 1 ||
      isSet(chunk, base + MASK, plan.slot[operation]!) ||
      (twin >= 0 && !isSet(chunk, base + MASK, twin))
    ) {
      chunk[base + TRIED]!++;
      return false;
    }
    const next = this.transitions.next(chunk[base + STATE]!, plan.symbol[operation]!, this.#numbers[operation]!);
    const state = this.#choose(chunk, base, next);
    return state !== refused && this.#visit(plan, operation, state, chunk[base + USED]!);
  }

  #tryOptional(plan: Schedule, chunk: Int32Array, base: number, number: number): boolean {
    const candidates = plan.classes[number];
    if (candidates === undefined || candidates.from[0]! > chunk[base + ROUND]!) {
      this.#current = chunk[base + PARENT]!;
      return false;
    }
    const used = chunk[base + USED]!;
    const count = this.#multisets.count(used, number);
    if (count === candidates.from.length || candidates.from[count]! > chunk[base + ROUND]!) {
      chunk[base + TRIED]!++;
      return false;
    }
    const operation = this.#numbers[candidates.operations[count]!]!;
    const next = this.transitions.next(chunk[base + STATE]!, candidates.symbol, operation);
    const state = this.#choose(chunk, base, next);
    if (state === refused || state === chunk[base + STATE]) return false;
    return this.#visit(plan, -1 - number, state, this.#multisets.add(used, number));
  }

  /** One state of those that `next` stands for, a different one each time; notes what is left to try. */
  #choose(chunk: Int32Array, base: number, next: number): number {
    if (next >= refused) {
      chunk[base + TRIED]!++;
      return next;
    }
    const choices = this.transitions.choices(next);
    const branch = chunk[base + BRANCH]!;
    if (branch + 1 < choices.length) chunk[base + BRANCH] = branch + 1;
    else {
      chunk[base + BRANCH] = 0;
      chunk[base + TRIED]!++;
    }
    return choices[branch]!;
  }

  #visit(plan: Schedule, via: number, state: number, used: number): boolean {
    this.#load(this.#current);
    this.#take(plan, via, state, used);
    const hash = this.#hash();
    if (this.#wasHere(hash)) return false;
    this.#enter(via, hash);
    return this.#at.round === plan.rounds;
  }

  /** Makes a stored configuration the one at hand. */
  #load(configuration: number): void {
    const chunk = this.#configurations.chunk(configuration);
    const base = this.#configurations.offset(configuration);
    this.#at.round = chunk[base + ROUND]!;
    this.#at.state = chunk[base + STATE]!;
    this.#at.used = chunk[base + USED]!;
    for (let word = 0; word < this.#mask.length; word++) this.#mask[word] = chunk[base + MASK + word]!;
  }

  /** Lets an operation take effect in the configuration at hand. */
  #take(plan: Schedule, via: number, state: number, used: number): void {
    this.#at.state = state;
    this.#at.used = used;
    if (via >= 0) set(this.#mask, plan.slot[via]!);
    this.#advance(plan);
  }

  /** Lets reads take effect that fit the state, and passes the answers of operations that have taken effect. */
  #advance(plan: Schedule): void {
    const { windowStart, windowOperation, slot } = plan;
    while (this.#at.round < plan.rounds) {
      const start = windowStart[this.#at.round]!;
      if (plan.hasReads) this.#read(plan, start, windowStart[this.#at.round + 1]!);
      const due = slot[windowOperation[start]!]!;
      if (!isSet(this.#mask, 0, due)) return;
      clear(this.#mask, due);
      this.#at.round++;
    }
  }

  #read(plan: Schedule, start: number, end: number): void {
    for (let entry = start; entry < end; entry++) {
      const operation = plan.windowOperation[entry]!;
      if (plan.reads[operation] === 0 || isSet(this.#mask, 0, plan.slot[operation]!)) continue;
      if (!this.transitions.allows(this.#at.state, plan.symbol[operation]!, this.#numbers[operation]!)) continue;
      set(this.#mask, plan.slot[operation]!);
      this.#passed?.push(operation);
    }
  }

  #hash(): number {
    let hash = mix(mix(0, this.#at.round), this.#at.state);
    for (let word = 0; word < this.#mask.length; word++) hash = mix(hash, this.#mask[word]!);
    return hash;
  }

  /** Whether the configuration at hand has been met, or one that can do all that it can. */
  #wasHere(hash: number): boolean {
    for (let other = this.#index.find(hash); other >= 0; other = this.#index.next()) {
      const chunk = this.#configurations.chunk(other);
      const base = this.#configurations.offset(other);
      if (chunk[base + ROUND] !== this.#at.round || chunk[base + STATE] !== this.#at.state) continue;
      let word = 0;
      while (word < this.#mask.length && chunk[base + MASK + word] === this.#mask[word]) word++;
      if (word === this.#mask.length && this.#multisets.isSubset(chunk[base + USED]!, this.#at.used)) return true;
    }
    return false;
  }

  /** Stores the configuration at hand as a child of the current one, and goes there. */
  #enter(via: number, hash: number): void {
    const configuration = this.#configurations.push();
    const chunk = this.#configurations.chunk(configuration);
    const base = this.#configurations.offset(configuration);
    chunk[base + ROUND] = this.#at.round;
    chunk[base + STATE] = this.#at.state;
    chunk[base + USED] = this.#at.used;
    chunk[base + PARENT] = this.#current;
    chunk[base + VIA] = via;
    for (let word = 0; word < this.#mask.length; word++) chunk[base + MASK + word] = this.#mask[word]!;
    this.#index.add(hash, configuration);
    if (this.#at.round > this.#furthest) this.#furthest = this.#at.round;
    this.#current = configuration;
  }
}

function isSet(words: Int32Array, from: number, bit: number): boolean {
  return (words[from + (bit >>> 5)]! & (1 << (bit & 31))) !== 0;
}
function set(words: Int32Array, bit: number): void {
  words[bit >>> 5]! |= 1 << (bit & 31);
}
function clear(words: Int32Array, bit: number): void {
  words[bit >>> 5]! &= ~(1 << (bit & 31));
}
