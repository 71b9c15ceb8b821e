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
const PATIENCE = 50;

/**
 * Leads a run of the model along a run of the real server: a message is held until those have passed that passed before
 * it there. Holding is all that it does, as a slow network would: what the model does so, it does under some seed, too,
 * that may be hard to find. What does not come, or came otherwise, is given up.
 */
export class Guide {
  readonly #clock: Clock;
  readonly #order: readonly Passed[];
  /** positions in the order that are still to come, by attempt and direction */
  readonly #expected = new Map<string, number[]>();
  readonly #passed = new Set<number>();
  readonly #held = new Map<number, () => void>();
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
    }
  }

  /** Settles when a message may pass; nothing when it may at once. */
  turn(message: Passed): Promise<void> | undefined {
    const positions = this.#expected.get(nameOf(message)) ?? [];
    const at = positions.findIndex((position) => this.#order[position]?.text === message.text);
    if (at < 0) return undefined;
    const [position = 0] = positions.splice(at, 1);
    if (position <= this.#next) {
      this.#pass(position);
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(position, resolve);
    this.#giveUpLater(this.#moves);
    return promise;
  }

  #pass(position: number): void {
    this.#moves++;
    this.#passed.add(position);
    while (this.#passed.has(this.#next)) this.#next++;
    const release = this.#held.get(this.#next);
    if (!release) return;
    this.#held.delete(this.#next);
    release();
    this.#pass(this.#next);
  }

  /** When nothing has moved for long, what the first that is held waits for does not come. */
  async #giveUpLater(moves: number): Promise<void> {
    await this.#clock.sleep(PATIENCE).catch(() => {});
    if (this.#moves !== moves || this.#held.size === 0) return;
    const first = Math.min(...this.#held.keys());
    for (; this.#next < first; this.#next++) this.#passed.add(this.#next);
    const release = this.#held.get(first);
    this.#held.delete(first);
    release?.();
    this.#pass(first);
    if (this.#held.size > 0) void this.#giveUpLater(this.#moves);
  }
}

const nameOf = ({ target, attempt, direction }: Passed): string => `${attempt} ${direction} ${target}`;
