import { Configuration, Configurations } from "./configurations.ts";
import type { Memory } from "./memory.ts";
import type { Schedule } from "./schedule.ts";
import { refused, type Transitions } from "./transitions.ts";

/** How far an order of operations can go that fits all answers up to there. */
export interface DeadEnd {
  /** the operations that took effect, in this order */
  order: number[];
  /** the state that they lead to */
  state: number;
  /** the operation whose answer comes next and does not fit */
  blocked: number;
}

/** How much work is done between two looks at the clock; a question to the model counts as `dear`. */
const portion = 256;
const dear = 64;

/**
 * A search for a linearization of one partition, depth first, that remembers where it has been (Wing and Gong 1993, Lowe
 * 2017). It goes from answer to answer: before the r-th answer can be passed, its operation must have taken effect, and
 * other operations of the window take effect only for its sake (just-in-time linearization).
 *
 * Of optional operations it heeds how often it uses those of the `scarce` classes. Of the others it may use one again and
 * again once one was invoked: so when it fails there is no linearization, but when it succeeds that may be too good to
 * be true; see `overdrawn`. An optional operation only ever helps by what it does to the state; hence of two
 * configurations that differ only in what they have used up, the one that has used no more than the other suffices.
 */
export class Descent {
  /** steps done so far */
  work = 0;
  /** the round that no configuration came beyond */
  furthest = 0;
  readonly #plan: Schedule;
  readonly #transitions: Transitions<unknown, unknown, unknown>;
  readonly #scarce: ReadonlySet<number>;
  readonly #at: Configuration;
  readonly #met: Configurations;
  #current: number;
  /** when it is wanted: takes down the reads that take effect */
  #passed: number[] | undefined;

  constructor(
    plan: Schedule,
    transitions: Transitions<unknown, unknown, unknown>,
    scarce: ReadonlySet<number>,
    memory: Memory,
  ) {
    this.#plan = plan;
    this.#transitions = transitions;
    this.#scarce = scarce;
    this.#at = new Configuration(plan.slots);
    this.#met = new Configurations(this.#at, memory);
    this.#advance();
    this.#current = this.#met.enter(this.#at, -1, 0);
    this.furthest = this.#at.round;
  }

  /**
   * Searches on, for about `work` steps and until `expired` says so.
   * @returns whether all answers can be passed, or undefined as long as that is open
   */
  run(work: number, expired: () => boolean): boolean | undefined {
    for (const enough = this.work + work; this.work < enough; ) {
      for (let spent = 0; spent < portion; ) {
        if (this.furthest === this.#plan.rounds) return true;
        if (this.#current < 0) return false;
        const asked = this.#transitions.asked;
        this.#descend();
        spent += 1 + dear * (this.#transitions.asked - asked);
      }
      this.work += portion;
      if (expired()) return undefined;
    }
    return undefined;
  }

  /** After a success: the classes that it made use of more often than there are operations to use. */
  overdrawn(): Set<number> {
    const found = new Set<number>();
    const uses = new Map<number, number>();
    for (const number of this.#pathTo(this.#current)) {
      const own = -1 - this.#met.via(number);
      const candidates = this.#plan.classes[own];
      if (candidates === undefined) continue;
      const count = uses.get(own) ?? 0;
      const from = candidates.from[count];
      if (from === undefined || from > this.#met.round(this.#met.parent(number))) found.add(own);
      uses.set(own, count + 1);
    }
    return found;
  }

  /** Orders that went furthest, longest first, that lead to different states. */
  deadEnds(limit: number): DeadEnd[] {
    const best = new Map<number, { length: number; number: number }>();
    for (let number = 0; number < this.#met.count; number++) {
      const length = this.#length(number);
      const state = this.#met.state(number);
      if (length > (best.get(state)?.length ?? -1)) best.set(state, { length, number });
    }
    return [...best.values()]
      .sort((a, b) => b.length - a.length)
      .slice(0, limit)
      .map(({ number }) => this.#deadEnd(number))
      .sort((a, b) => b.order.length - a.order.length);
  }

  /** How many operations have taken effect in a configuration, those of no scarce class apart. */
  #length(number: number): number {
    const { windowStart, windowOperation, slot } = this.#plan;
    const round = this.#met.round(number);
    let ahead = 0;
    for (let entry = windowStart[round]!; entry < windowStart[round + 1]!; entry++)
      if (this.#met.has(number, slot[windowOperation[entry]!]!)) ahead++;
    return round + ahead + this.#met.multisets.size(this.#met.used(number));
  }

  /** The configurations on the way to one, without the first. */
  #pathTo(number: number): number[] {
    const path: number[] = [];
    for (let on = number; this.#met.parent(on) >= 0; on = this.#met.parent(on)) path.push(on);
    return path.reverse();
  }

  #deadEnd(number: number): DeadEnd {
    const { classes, windowOperation, windowStart } = this.#plan;
    const order: number[] = [];
    const uses = new Map<number, number>();
    this.#passed = order;
    this.#at.round = 0;
    this.#at.state = 0;
    this.#at.mask.fill(0);
    this.#advance();
    for (const step of this.#pathTo(number)) {
      const via = this.#met.via(step);
      const candidates = classes[-1 - via];
      if (candidates !== undefined) {
        const count = uses.get(via) ?? 0;
        // From here on it only pretends.
        if (!(candidates.from[count]! <= this.#at.round)) break;
        uses.set(via, count + 1);
        order.push(candidates.operations[count]!);
      } else order.push(via);
      this.#take(via, this.#met.state(step));
    }
    this.#passed = undefined;
    return { order, state: this.#at.state, blocked: windowOperation[windowStart[this.#at.round]!]! };
  }

  /** Tries the next thing to do from the current configuration. */
  #descend(): void {
    const { windowStart } = this.#plan;
    const round = this.#met.round(this.#current);
    const tried = this.#met.tried(this.#current);
    const width = windowStart[round + 1]! - windowStart[round]!;
    if (tried < width) this.#tryRequired(windowStart[round]! + tried, tried);
    else this.#tryOptional(tried - width, tried, round);
  }

  #tryRequired(entry: number, tried: number): void {
    const { windowOperation, windowTwin, reads, slot, symbol } = this.#plan;
    const current = this.#current;
    const operation = windowOperation[entry]!;
    const twin = windowTwin[entry]!;
    // A read that could take effect in this state has done so already.
    if (
      reads[operation] === 1 ||
      this.#met.has(current, slot[operation]!) ||
      (twin >= 0 && !this.#met.has(current, twin))
    ) {
      this.#met.setTried(current, tried + 1, 0);
      return;
    }
    const next = this.#transitions.next(this.#met.state(current), symbol[operation]!, operation);
    const state = this.#choose(next, tried);
    if (state !== refused) this.#visit(operation, state, this.#met.used(current));
  }

  #tryOptional(number: number, tried: number, round: number): void {
    const current = this.#current;
    const candidates = this.#plan.classes[number];
    if (candidates === undefined || candidates.from[0]! > round) {
      this.#current = this.#met.parent(current);
      return;
    }
    const isScarce = this.#scarce.has(number);
    const used = this.#met.used(current);
    const count = isScarce ? this.#met.multisets.count(used, number) : 0;
    if (count === candidates.from.length || candidates.from[count]! > round) {
      this.#met.setTried(current, tried + 1, 0);
      return;
    }
    const before = this.#met.state(current);
    const next = this.#transitions.next(before, candidates.symbol, candidates.operations[count]!);
    const state = this.#choose(next, tried);
    if (state === refused || state === before) return;
    this.#visit(-1 - number, state, isScarce ? this.#met.multisets.add(used, number) : used);
  }

  /** One state of those that `next` stands for, a different one each time; notes what is left to try. */
  #choose(next: number, tried: number): number {
    if (next >= refused) {
      this.#met.setTried(this.#current, tried + 1, 0);
      return next;
    }
    const choices = this.#transitions.choices(next);
    const branch = this.#met.branch(this.#current);
    const isLast = branch + 1 === choices.length;
    this.#met.setTried(this.#current, isLast ? tried + 1 : tried, isLast ? 0 : branch + 1);
    return choices[branch]!;
  }

  /** Goes on to the configuration that an operation leads to from the current one, unless it has been met. */
  #visit(via: number, state: number, used: number): void {
    this.#met.load(this.#current, this.#at);
    this.#at.used = used;
    this.#take(via, state);
    const number = this.#met.enter(this.#at, this.#current, via);
    if (number < 0) return;
    this.#current = number;
    if (this.#at.round > this.furthest) this.furthest = this.#at.round;
  }

  /** Lets an operation take effect in the configuration at hand. */
  #take(via: number, state: number): void {
    this.#at.state = state;
    if (via >= 0) this.#at.add(this.#plan.slot[via]!);
    this.#advance();
  }

  /** Lets reads take effect that fit the state, and passes the answers of operations that have taken effect. */
  #advance(): void {
    const { rounds, windowStart, windowOperation, slot, hasReads } = this.#plan;
    while (this.#at.round < rounds) {
      const start = windowStart[this.#at.round]!;
      if (hasReads) this.#read(start, windowStart[this.#at.round + 1]!);
      const due = slot[windowOperation[start]!]!;
      if (!this.#at.has(due)) return;
      this.#at.remove(due);
      this.#at.round++;
    }
  }

  #read(start: number, end: number): void {
    const { windowOperation, reads, slot, symbol } = this.#plan;
    for (let entry = start; entry < end; entry++) {
      const operation = windowOperation[entry]!;
      if (reads[operation] === 0 || this.#at.has(slot[operation]!)) continue;
      if (!this.#transitions.allows(this.#at.state, symbol[operation]!, operation)) continue;
      this.#at.add(slot[operation]!);
      this.#passed?.push(operation);
    }
  }
}
