import { chance, hashNumber, unit } from "./chance.ts";

/** A channel whose next message can be delivered. */
export interface WaitingLink {
  /** whose progress the message is */
  readonly actor: string;
  /** in order of creation */
  readonly number: number;
  /** a hash that stands for the message */
  readonly fate: number;
  /** when it is there to be delivered */
  readonly arrives: number;
}
/** A timer that can fire. */
export interface WaitingTimer {
  readonly actor: string;
  readonly due: number;
}

/**
 * Decides what happens next, among all that can: the first message of every link, or the first timer. It also decides
 * how long messages take, since in virtual time that is the same question.
 *
 * Kept by every strategy: messages of a link arrive in the order in which they were sent; timers fire in the order in
 * which they are due, never early; and no message waits for ever.
 */
export interface Strategy {
  /** for a reader of the trace */
  readonly name: string;
  /** how long a delivery takes at least, in milliseconds: time never stands still */
  readonly minLatencyMs: number;
  /**
   * When a message arrives, in milliseconds from now, if nothing before it on its link is later.
   * @param fate a hash that stands for the message, the same in every run
   */
  latency(fate: number): number;
  choose<L extends WaitingLink, T extends WaitingTimer>(
    links: readonly L[],
    timer: T | undefined,
    now: number,
  ): L | T | undefined;
}

/** Draws the strategy of a run: half of the runs use random latencies, half random priorities. */
export function strategyFor(seed: number): Strategy {
  const draw = chance(seed, "strategy");
  if (draw < 0.3) return new Latencies(seed, "calm", calm);
  if (draw < 0.5) return new Latencies(seed, "wild", wild);
  const depth = 1 + Math.floor(chance(seed, "depth") * 4);
  const starvationLimitMs = [5, 20, 80][Math.floor(chance(seed, "patience") * 3)]!;
  return new Priorities(seed, depth, starvationLimitMs);
}

/** from a number in [0, 1) to milliseconds */
type Distribution = (u: number) => number;

/** A healthy network: up to 2 ms. */
const calm: Distribution = (u) => u * 2;

/** Mostly quick, sometimes slow, rarely very slow: messages overtake timers and each other. Up to 80 ms. */
const wild: Distribution = (u) => {
  if (u < 0.7) return u * 2;
  if (u < 0.95) return (u - 0.7) * 80;
  return 20 + (u - 0.95) * 1_200;
};

/** Every message takes a time of its own, drawn independently: all orders that the links allow can occur. */
export class Latencies implements Strategy {
  readonly name: string;
  readonly minLatencyMs = 0.001;
  readonly #seed: number;
  readonly #distribution: Distribution;

  constructor(seed: number, name: string, distribution: Distribution) {
    this.name = `${name} latencies`;
    this.#seed = seed;
    this.#distribution = distribution;
  }

  latency(fate: number): number {
    return this.#distribution(unit(hashNumber(fate, this.#seed)));
  }

  choose<L extends WaitingLink, T extends WaitingTimer>(links: readonly L[], timer: T | undefined): L | T | undefined {
    const first = firstToArrive(links);
    return timer && (!first || timer.due <= first.arrives) ? timer : first;
  }
}

function firstToArrive<L extends WaitingLink>(links: readonly L[]): L | undefined {
  let first: L | undefined;
  for (const link of links) {
    if (!first || link.arrives < first.arrives || (link.arrives === first.arrives && link.number < first.number))
      first = link;
  }
  return first;
}

/** the length of a run, in messages, for which the number of changes of priority is meant */
const TYPICAL_LENGTH = 300;

/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with
 * Probabilistic Guarantees of Finding Bugs, ASPLOS 2010). Every actor, a client's request or an invocation with all its
 * messages, has a random priority, and the one with the highest goes first; at a few random places the actor that is
 * about to go falls behind all others. A bug that needs `depth` orderings is found with a probability that falls with
 * the length of the run only to the power of `depth - 1`.
 *
 * Two departures. Where priorities change is a property of the message (a hash of its name), not of its number in the
 * run, so that shrinking moves nothing; their number is `depth - 1` on average. And it is fair in the end: a message that
 * has waited for `starvationLimitMs` goes first, or a client that polls would starve what it waits for.
 */
export class Priorities implements Strategy {
  readonly name: string;
  readonly minLatencyMs = 0.05;
  readonly #seed: number;
  readonly #changes: number;
  readonly #starvationLimitMs: number;
  readonly #priorities = new Map<string, number>();
  /** the fates of the messages at which it has changed */
  readonly #changed = new Set<number>();

  constructor(seed: number, depth: number, starvationLimitMs: number) {
    this.name = `priorities, depth ${depth}, starvation limit ${starvationLimitMs} ms`;
    this.#seed = seed;
    this.#changes = (depth - 1) / TYPICAL_LENGTH;
    this.#starvationLimitMs = starvationLimitMs;
  }

  latency(): number {
    return 0;
  }

  choose<L extends WaitingLink, T extends WaitingTimer>(
    links: readonly L[],
    timer: T | undefined,
    now: number,
  ): L | T | undefined {
    const oldest = firstToArrive(links);
    if (!oldest) return timer;
    if (oldest.arrives + this.#starvationLimitMs <= now) return oldest;
    for (;;) {
      const link = this.#highest(links);
      if (timer && this.#mayFire(timer, oldest, now) && this.#priority(timer.actor) > this.#priority(link.actor)) {
        return timer;
      }
      if (!this.#fallsBehind(link)) return link;
    }
  }

  /** The clock does not move past the starvation limit of a message. */
  #mayFire(timer: WaitingTimer, oldest: WaitingLink, now: number): boolean {
    return timer.due <= Math.max(now, oldest.arrives + this.#starvationLimitMs);
  }

  #highest<L extends WaitingLink>(links: readonly L[]): L {
    let best = links[0]!;
    for (const link of links) {
      const better = this.#priority(link.actor) - this.#priority(best.actor);
      if (better > 0 || (better === 0 && link.number < best.number)) best = link;
    }
    return best;
  }

  #priority(actor: string): number {
    let priority = this.#priorities.get(actor);
    if (priority === undefined) {
      priority = chance(this.#seed, `priority ${actor}`);
      this.#priorities.set(actor, priority);
    }
    return priority;
  }

  /** At a place of change the actor falls behind all others, those that fell before included. */
  #fallsBehind(link: WaitingLink): boolean {
    if (unit(hashNumber(link.fate, this.#seed)) >= this.#changes) return false;
    if (this.#changed.has(link.fate)) return false;
    this.#changed.add(link.fate);
    this.#priorities.set(link.actor, -this.#changed.size);
    return true;
  }
}
