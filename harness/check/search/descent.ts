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

/** So many configurations are looked at, besides the one that came furthest, for orders to show. */
const mostLookedAt = 200_000;

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
 * configurations that differ only in what they have used up, the one that has used no more than the other suffices, and
 * nothing is tried after an optional operation that would come to the same without it.
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
  #furthestOne = 0;
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
        spent += this.#descend() + dear * (this.#transitions.asked - asked);
      }
      this.work += portion;
      if (expired()) return undefined;
    }
    return undefined;
  }

  /** After a success: the classes that it made use of more often than there are operations to use. */
  overdrawn(): Set<number> {
    const found = new Set<number>();
    if (this.#plan.classes.length === 0) return found;
    const uses = new Map<number, number>();
    for (const number of this.#pathTo(this.#current)) {
      const own = -1 - this.#met.via(number);
      if (own < 0) continue;
      const count = uses.get(own) ?? 0;
      const from = this.#plan.classes[own]!.from[count];
      if (from === undefined || from > this.#met.round(this.#met.parent(number))) found.add(own);
      uses.set(own, count + 1);
    }
    return found;
  }

  /** Orders that went far, longest first, that lead to different states. */
  deadEnds(limit: number): DeadEnd[] {
    const best = new Map<number, { length: number; number: number }>();
    for (let k = 0; k <= Math.min(this.#met.count, mostLookedAt); k++) {
      const number = k === 0 ? this.#furthestOne : k - 1;
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

  /**
   * The states that orders leave which fit all answers up to the furthest one, longest orders first; undefined when there
   * are too many configurations to look at. After a failure there are no others.
   */
  furthestStates(): number[] | undefined {
    if (this.#met.count > mostLookedAt) return undefined;
    const lengths = new Map<number, number>();
    for (let number = 0; number < this.#met.count; number++) {
      if (this.#met.round(number) !== this.furthest) continue;
      const state = this.#met.state(number);
      lengths.set(state, Math.max(lengths.get(state) ?? 0, this.#length(number)));
    }
    return [...lengths.keys()].sort((a, b) => lengths.get(b)! - lengths.get(a)!);
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
      if (via < 0) {
        const candidates = classes[-1 - via]!;
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

  /**
   * Goes on from the current configuration to the next one that has not been met, or back when there is none.
   * @returns how much it tried
   */
  #descend(): number {
    const { windowStart, windowOperation, classes } = this.#plan;
    const current = this.#current;
    this.#met.load(current, this.#at);
    const { round, state, used } = this.#at;
    const start = windowStart[round]!;
    const width = windowStart[round + 1]! - start;
    let tried = this.#met.tried(current);
    let branch = this.#met.branch(current);
    const without = this.#stateWithout(current);
    for (let steps = 1; ; steps++) {
      // A place in the window, or else a class.
      const entry = start + tried;
      const own = tried - width;
      if (own >= 0 && (own === classes.length || classes[own]!.from[0]! > round)) {
        this.#current = this.#met.parent(current);
        return steps;
      }
      const next = own < 0 ? this.#nextOfRequired(entry, state) : this.#nextOfOptional(own, round, state, used);
      const choices = next < refused ? this.#transitions.choices(next) : undefined;
      const chosen = choices ? choices[branch]! : next;
      branch = choices && branch + 1 < choices.length ? branch + 1 : 0;
      if (branch === 0) tried++;
      if (chosen === refused || (own >= 0 && chosen === state)) continue;
      if (without >= 0 && this.#leadsTo(own, entry, without, chosen)) continue;
      if (own >= 0 && this.#scarce.has(own)) this.#at.used = this.#met.multisets.add(used, own);
      const via = own < 0 ? windowOperation[entry]! : -1 - own;
      this.#take(via, chosen);
      const number = this.#met.enter(this.#at, current, via);
      if (number < 0) {
        this.#met.load(current, this.#at);
        continue;
      }
      this.#met.setTried(current, tried, branch);
      this.#current = number;
      if (this.#at.round > this.furthest) {
        this.furthest = this.#at.round;
        this.#furthestOne = number;
      }
      return steps;
    }
  }

  /**
   * When an optional operation led to the current configuration, and did nothing but change the state: the state
   * before it, else -1. What leads to the same state from there makes no use of the operation; so it need not follow it.
   */
  #stateWithout(current: number): number {
    const parent = this.#met.parent(current);
    const isOptional = this.#met.via(current) < 0;
    return isOptional && this.#met.differOnlyInState(parent, current) ? this.#met.state(parent) : -1;
  }

  /** Whether the operation of a class, or else of a place in a window, leads from one state to another. */
  #leadsTo(own: number, entry: number, from: number, to: number): boolean {
    const { classes, symbol, windowOperation } = this.#plan;
    const operation = own < 0 ? windowOperation[entry]! : classes[own]!.operations[0]!;
    const next = this.#transitions.next(from, own < 0 ? symbol[operation]! : classes[own]!.symbol, operation);
    return next === to || (next < refused && this.#transitions.choices(next).includes(to));
  }

  /** Where an operation of the window leads from the state of the configuration at hand; see `Transitions.next`. */
  #nextOfRequired(entry: number, state: number): number {
    const { windowOperation, windowTwin, reads, slot, symbol } = this.#plan;
    const operation = windowOperation[entry]!;
    const twin = windowTwin[entry]!;
    // A read that could take effect in this state has done so already; of equal operations the first goes first.
    if (reads[operation] === 1 || this.#at.has(slot[operation]!) || (twin >= 0 && !this.#at.has(twin))) return refused;
    return this.#transitions.next(state, symbol[operation]!, operation);
  }

  #nextOfOptional(own: number, round: number, state: number, used: number): number {
    const { symbol, from, operations } = this.#plan.classes[own]!;
    const count = this.#scarce.has(own) ? this.#met.multisets.count(used, own) : 0;
    if (count === from.length || from[count]! > round) return refused;
    return this.#transitions.next(state, symbol, operations[count]!);
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
