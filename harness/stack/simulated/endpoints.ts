import type { Machine, SimulatedProcess } from "./process.ts";

/** A thawed process is idle when it has done nothing for as long as this, in milliseconds, and waits for no answer. */
const QUIET = 20;

/**
 * Which process serves Restate: one at a time. When it dies or freezes, a fresh one takes its place, and what was open
 * to the old one breaks.
 */
export class Endpoints {
  readonly #machine: Machine;
  readonly #start: (name: string) => SimulatedProcess;
  readonly #all: SimulatedProcess[] = [];
  #current: SimulatedProcess | undefined;

  constructor(machine: Machine, start: (name: string) => SimulatedProcess) {
    this.#machine = machine;
    this.#start = start;
  }

  /** The process that serves; it is started when there is none. */
  get current(): SimulatedProcess {
    if (this.#current?.alive) return this.#current;
    const process = this.#start(`p${this.#all.length + 1}`);
    this.#all.push(process);
    this.#current = process;
    return process;
  }

  /** SIGKILL of the process that serves. */
  kill(): void {
    const dead = this.current;
    this.#machine.scheduler.log(`KILL of the service process ${dead.name}`);
    dead.kill();
  }

  /** The process that serves freezes, and another takes over. */
  freeze(): SimulatedProcess {
    const frozen = this.current;
    this.#machine.scheduler.log(`FREEZE of the service process ${frozen.name}; another takes over`);
    frozen.freeze();
    this.#current = undefined;
    frozen.breakStreams();
    return frozen;
  }

  /** The frozen process goes on: settles when it does. It ends as soon as it is idle, which `rested` is told. */
  thaw(frozen: SimulatedProcess, rested: () => void): Promise<void> {
    const { scheduler } = this.#machine;
    return new Promise((resolve) => {
      scheduler.soon(() => {
        scheduler.log(`THAW of the service process ${frozen.name}`);
        frozen.thaw();
        this.#whenIdle(frozen, () => {
          frozen.kill();
          rested();
        });
        resolve();
      });
    });
  }

  /** Ends all processes, without a trace. */
  close(): void {
    for (const process of this.#all) process.leave();
  }

  #whenIdle(process: SimulatedProcess, then: () => void): void {
    const { scheduler } = this.#machine;
    scheduler.at(scheduler.now + 1, "thaw", "", () => {
      const quiet = scheduler.now - process.lastActive;
      if (!process.alive || (process.requestsInFlight === 0 && quiet >= QUIET)) then();
      else this.#whenIdle(process, then);
    });
  }
}
