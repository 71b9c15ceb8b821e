import type { Clock, Message } from "../stack.ts";

/** A message that passed on the real server. */
export interface Passed {
  /** of which attempt of what: "service/handler label" */
  target: string;
  attempt: number;
  direction: Message["direction"];
  text: string;
}

/** how long nobody may be let through before those are given up that have not come, in milliseconds of the clock */
const PATIENCE = 100;

/** A message that is held until everything before a position has passed. */
interface Held {
  until: number;
  /** where it is in the order; nothing when it is not */
  position: number | undefined;
  release(): void;
}

/**
 * Leads a run of the model along a run of the real server: a message is held until those have passed that passed before
 * it there; one that did not pass there, until all others of its attempt have. Holding is all that it does, as a slow
 * network would: what the model does so, it does under some seed, too, that may be hard to find. What does not come is
 * given up.
 */
export class Guide {
  readonly #clock: Clock;
  readonly #order: readonly Passed[];
  /** positions in the order that are still to come, by attempt and direction */
  readonly #expected = new Map<string, number[]>();
  /** the last position of each attempt */
  readonly #last = new Map<string, number>();
  readonly #passed = new Set<number>();
  #held: Held[] = [];
  /** the first position that has neither passed nor been given up */
  #next = 0;
  #moves = 0;

  constructor(clock: Clock, order: readonly Passed[]) {
    this.#clock = clock;
    this.#order = order;
    for (const [position, passed] of order.entries()) {
      const name = nameOf(passed);
      const positions = this.#expected.get(name);
      if (positions) positions.push(position);
      else this.#expected.set(name, [position]);
      this.#last.set(attemptOf(passed), position);
    }
  }

  /** Settles when a message may pass; nothing when it may at once. */
  turn(message: Passed): Promise<void> | undefined {
    const position = this.#take(message);
    const until = position ?? (this.#last.get(attemptOf(message)) ?? -1) + 1;
    if (until <= this.#next) {
      this.#pass(position);
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.push({ until, position, release: resolve });
    void this.#giveUpLater(this.#moves);
    return promise;
  }

  #take(message: Passed): number | undefined {
    const positions = this.#expected.get(nameOf(message)) ?? [];
    const at = positions.findIndex((position) => this.#order[position]?.text === message.text);
    return at < 0 ? undefined : positions.splice(at, 1)[0];
  }

  #pass(position: number | undefined): void {
    this.#moves++;
    if (position !== undefined) this.#passed.add(position);
    while (this.#passed.has(this.#next)) this.#next++;
    const at = this.#held.findIndex(({ until }) => until <= this.#next);
    const [free] = at < 0 ? [] : this.#held.splice(at, 1);
    if (!free) return;
    free.release();
    this.#pass(free.position);
  }

  /** When nothing has moved for long, what the first that is held waits for does not come. */
  async #giveUpLater(moves: number): Promise<void> {
    await this.#clock.sleep(PATIENCE).catch(() => {});
    if (this.#moves !== moves || this.#held.length === 0) return;
    const first = Math.min(...this.#held.map(({ until }) => until));
    for (; this.#next < first; this.#next++) this.#passed.add(this.#next);
    this.#pass(undefined);
    if (this.#held.length > 0) void this.#giveUpLater(this.#moves);
  }
}

const attemptOf = ({ target, attempt }: Passed): string => `${attempt} ${target}`;
const nameOf = (passed: Passed): string => `${passed.direction} ${attemptOf(passed)}`;
