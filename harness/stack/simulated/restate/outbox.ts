import type { Link, Scheduler } from "../scheduler.ts";

/**
 * Messages between partitions: calls, answers, signals. They are durable, so a crash of the server only delays them, and
 * those of one partition leave in the order in which they were made, whoever they are for.
 *
 * Every key is modelled as a partition of its own, which allows every order that any number of partitions does.
 * docs.restate.dev/references/architecture, "Cross-partition actions"
 */
export class Outbox {
  readonly #scheduler: Scheduler;
  readonly #links = new Map<string, Link>();
  #held = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /**
   * @param place the partition that sends, see `Invocation.place`
   * @param name stable, and unique in the run
   */
  send(place: string, name: string, deliver: () => void): void {
    let link = this.#links.get(place);
    if (!link) {
      link = this.#scheduler.link(`outbox ${place}`, `outbox ${place}`);
      if (this.#held) link.hold();
      this.#links.set(place, link);
    }
    link.send(name, deliver, name);
  }

  /** The server is down. */
  hold(): void {
    this.#held = true;
    for (const link of this.#links.values()) link.hold();
  }
  release(): void {
    this.#held = false;
    for (const link of this.#links.values()) link.release();
  }
}
