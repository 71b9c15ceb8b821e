import type { Scheduler } from "../scheduler.ts";

/**
 * Durable timers: what is due while the server is down fires when it is up again.
 * docs.restate.dev/develop/ts/durable-timers
 */
export class Timers {
  readonly #scheduler: Scheduler;
  readonly #overdue: (() => void)[] = [];
  #held = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** @param due milliseconds from the start of the run */
  set(due: number, actor: string, label: string, fire: () => void): void {
    this.#scheduler.at(due, actor, label, () => {
      if (this.#held) this.#overdue.push(fire);
      else fire();
    });
  }

  hold(): void {
    this.#held = true;
  }
  release(): void {
    this.#held = false;
    for (const fire of this.#overdue.splice(0)) fire();
  }
}
