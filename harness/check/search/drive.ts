import { now } from "./clock.ts";

/** Work that can be done in slices: `step` goes on for about that long, and answers once it is done. */
export interface Stepwise<Result> {
  step(milliseconds: number): Result | undefined;
}

/** Short enough that a proxy in the same process keeps its pace. */
const slice = 4;

// Not through the global: a simulated run puts a scheduler of its own there.
const turn = globalThis.setImmediate;

/** Does the work to the end, and leaves the event loop to others between slices of a few milliseconds. */
export async function runCooperatively<Result>(work: Stepwise<Result>): Promise<Result> {
  for (;;) {
    const result = work.step(slice);
    if (result !== undefined) return result;
    await new Promise((resolve) => turn(resolve));
  }
}

/** Does the work to the end, at once. */
export function runSync<Result>(work: Stepwise<Result>): Result {
  for (;;) {
    const result = work.step(Number.POSITIVE_INFINITY);
    if (result !== undefined) return result;
  }
}

/** Work that yields whenever it may be interrupted, with an amount of time; `isOver` tells it that the time is up. */
export class Sliced<Result> implements Stepwise<Result> {
  readonly #end: number;
  readonly #work: Generator<void, Result>;
  constructor(milliseconds: number, work: (isOver: () => boolean) => Generator<void, Result>) {
    this.#end = now() + milliseconds;
    this.#work = work(() => now() >= this.#end);
  }
  step(milliseconds: number): Result | undefined {
    const sliceEnd = now() + milliseconds;
    for (;;) {
      const { done, value } = this.#work.next();
      if (done) return value;
      if (now() >= sliceEnd) return undefined;
    }
  }
}
