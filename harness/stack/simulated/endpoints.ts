import type { Machine, SimulatedProcess } from "./process.ts";
import type { Timer } from "./scheduler.ts";

/** A thawed process is idle when no request of it has been in flight for as long as this, in milliseconds. */
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

  /** The frozen process goes on; settles when it is idle, and then it ends. */
  thaw(frozen: SimulatedProcess): Promise<void> {
    const { scheduler } = this.#machine;
    return new Promise((resolve) => {
      scheduler.soon(() => {
        scheduler.log(`THAW of the service process ${frozen.name}`);
        frozen.thaw();
        this.#whenIdle(frozen, () => {
          frozen.kill();
          resolve();
        });
      });
    });
  }

  /** Ends all processes, without a trace. */
  close(): void {
    for (const process of this.#all) process.end();
  }

  #whenIdle(process: SimulatedProcess, then: () => void): Timer {
    const { scheduler } = this.#machine;
    let quietSince = scheduler.now;
    const look = (): Timer =>
      scheduler.at(scheduler.now + 1, "thaw", "", () => {
        if (process.requestsInFlight > 0) quietSince = scheduler.now;
        if (!process.alive || scheduler.now - quietSince >= QUIET) then();
        else look();
      });
    return look();
  }
}
