import { type DeadEnd, Descent } from "./descent.ts";
import { Memory } from "./memory.ts";
import type { Schedule } from "./schedule.ts";
import type { Transitions } from "./transitions.ts";

/**
 * Decides whether there is a linearization by a question that is coarser than that, and refines it as needed
 * (counterexample-guided abstraction refinement, Clarke et al. 2000).
 *
 * At first no optional operation is scarce: any that was invoked may be used again and again. When that fails there is no
 * linearization. When it succeeds by overdrawing some, it begins again with these being scarce. Where states grow without
 * bounds it need not end.
 */
export class CoarseSearch {
  /** steps done so far */
  get work(): number {
    return this.#workBefore + this.#descent.work;
  }
  readonly #plan: Schedule;
  readonly #transitions: Transitions<unknown, unknown, unknown>;
  readonly #memory: Memory;
  #descentMemory: Memory;
  #descent: Descent;
  #scarce: ReadonlySet<number> = new Set();
  #workBefore = 0;

  constructor(plan: Schedule, transitions: Transitions<unknown, unknown, unknown>, memory: Memory) {
    this.#plan = plan;
    this.#transitions = transitions;
    this.#memory = memory;
    this.#descentMemory = new Memory(memory.limit, memory);
    this.#descent = new Descent(plan, transitions, this.#scarce, this.#descentMemory);
  }

  /** See `Descent.run`. */
  run(work: number, expired: () => boolean): boolean | undefined {
    const passed = this.#descent.run(work, expired);
    if (!passed) return passed;
    const overdrawn = this.#descent.overdrawn();
    if (overdrawn.size === 0) return true;
    this.#scarce = new Set([...this.#scarce, ...overdrawn]);
    this.#workBefore += this.#descent.work;
    this.#descentMemory.release();
    this.#descentMemory = new Memory(this.#memory.limit, this.#memory);
    this.#descent = new Descent(this.#plan, this.#transitions, this.#scarce, this.#descentMemory);
    return undefined;
  }

  get furthest(): number {
    return this.#descent.furthest;
  }

  /** See `Descent.furthestStates`. Some of them may be there only because it pretends. */
  furthestStates(): number[] | undefined {
    return this.#descent.furthestStates();
  }

  /** Orders that hold: what only pretends is cut off. */
  deadEnds(limit: number): DeadEnd[] {
    return this.#descent.deadEnds(limit);
  }
}
