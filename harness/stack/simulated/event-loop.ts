import type { SubjectDied } from "./processes/deaths.ts";
import { EscapeGuard } from "./processes/escapes.ts";
import { ExecutionContext } from "./processes/execution-context.ts";
import { drain } from "./processes/process.ts";
import { realNow, type VirtualGlobals } from "./processes/virtual-globals.ts";
import { type Turn, takeTurnSoon } from "./processes/watchdog.ts";
import type { Simulation } from "./simulation.ts";

/** how long the simulation may keep the real event loop to itself, in milliseconds */
const TURN_MS = 20;
/** how many things may happen in a run: many more than in any that comes to an end */
const MAX_STEPS = 2_000_000;
/** how long a run may wait for something real before it counts as stuck, in milliseconds */
const STUCK_AFTER_MS = 2_000;

const guard = new EscapeGuard((who: VirtualGlobals, error) => {
  if (who instanceof ExecutionContext) who.process.host.fail(error);
});

/** Drives one run: lets `main` go on as far as it can, then lets one thing happen in the simulation, and again. */
export class EventLoop<T> implements Turn {
  readonly #simulation: Simulation;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #main: () => Promise<T>;
  #started = false;
  #settled: (() => void) | undefined;
  readonly #stackTraceLimit = Error.stackTraceLimit;
  #lastTurn = realNow();
  /** real milliseconds since there was last something to do */
  #idle = 0;

  constructor(
    simulation: Simulation,
    main: () => Promise<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#simulation = simulation;
    this.#main = main;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** To be called in a macrotask: inside of a microtask no other microtasks run. */
  run(): void {
    let done: (() => void) | undefined;
    guard.enable();
    try {
      done = this.#advance();
    } catch (error) {
      done = () => this.#reject(error);
    } finally {
      guard.disable();
    }
    if (!done) {
      takeTurnSoon(this);
      return;
    }
    this.#simulation.close();
    done();
  }

  interrupted(death: SubjectDied): void {
    guard.disable();
    Error.stackTraceLimit = this.#stackTraceLimit;
    this.#simulation.close();
    this.#reject(death);
  }

  /** How the run ended; nothing when it has not, and the real event loop is to have its turn. */
  #advance(): (() => void) | undefined {
    if (!this.#started) this.#start();
    const turnStarted = realNow();
    // a turn that takes long counts as a short one: somebody may have paused it in a debugger
    this.#idle += Math.min(turnStarted - this.#lastTurn, TURN_MS);
    this.#lastTurn = turnStarted;
    for (let steps = 1; ; steps++) {
      drain();
      if (this.#simulation.failure) throw this.#simulation.failure;
      if (this.#settled) return this.#settled;
      if (this.#simulation.scheduler.steps > MAX_STEPS) throw new Error(runsOn(this.#simulation.scheduler.lastActor));
      if (this.#simulation.scheduler.step()) {
        this.#idle = 0;
        if (steps % 64 === 0 && realNow() - turnStarted > TURN_MS) return undefined;
        continue;
      }
      if (this.#idle > STUCK_AFTER_MS) throw new Error(STUCK);
      return undefined;
    }
  }

  #start(): void {
    this.#started = true;
    // by a call: what is written as `property = () => ...` V8 puts among what is old, and there it holds the run for long
    const settle = (done: () => void): void => {
      this.#settled = done;
    };
    this.#main().then(
      (value) => settle(() => this.#resolve(value)),
      (error: unknown) => settle(() => this.#reject(error)),
    );
  }
}

const runsOn = (actor: string): string =>
  `the simulated run does not come to an end: ${MAX_STEPS} things have happened in it, the last of them to ${actor}`;

const STUCK =
  "the simulated run is stuck: nothing can happen any more, and yet it has not ended. Either a promise is never settled, " +
  "or something waits for the real world";
