import { AsyncLocalStorage } from "node:async_hooks";
import type {
  Bundle,
  Capability,
  ClientAnswer,
  ClientRequest,
  Clock,
  Destination,
  Gate,
  Injected,
  Injection,
  Probe,
  Stack,
} from "../stack.ts";
import type { Broker } from "./network/broker.ts";
import { installCrashes } from "./processes/crashes.ts";
import type { SubjectDied } from "./processes/deaths.ts";
import { EscapeGuard } from "./processes/escapes.ts";
import { drain, Strand } from "./processes/process.ts";
import { programOf } from "./processes/program.ts";
import { installAmbient, realNow, type Surroundings } from "./processes/virtual-globals.ts";
import { installWatchdog, type Turn, takeTurnSoon } from "./processes/watchdog.ts";
import { Universe, type UniverseOptions } from "./simulation.ts";

export type SimulatedOptions = UniverseOptions;

/** how long the simulation may keep the real event loop to itself, in milliseconds */
const TURN = 20;
/** how many things may happen in a run: many more than in any that comes to an end */
const ENDLESS = 2_000_000;
/** how long a run may wait for something real before it counts as stuck, in milliseconds */
const PATIENCE = 2_000;

/**
 * The unmodified SDK and the unmodified services against a model of Restate, in this process, in virtual time, and
 * decided by a seed: the same seed and the same `main` give the same run, to the last message.
 *
 * One instance serves any number of cases, one after the other: every `run` is a fresh universe, with a server that has
 * never been used and processes that have just started; compiled bundles are kept. What a run left behind can be looked
 * at until the next one begins.
 */
export class SimulatedStack implements Stack {
  readonly kind = "simulated";
  readonly capabilities: ReadonlySet<Capability> = new Set([
    "message-cut",
    "kill-endpoint",
    "zombie",
    "kill-server",
    "virtual-time",
  ]);
  readonly clock: Clock = {
    now: () => this.#universe().wallClock(),
    sleep: async (milliseconds) => this.#running().sleep(milliseconds),
  };
  readonly probe: Probe = {
    unfinished: async () => this.#universe().unfinished(),
    state: async (prefix) => this.#universe().restate.processor.state.withKeyPrefix(prefix),
  };
  /** what the next run is decided by */
  options: SimulatedOptions;
  #bundle: Bundle | undefined;
  #gate: Gate | undefined;
  #now: Universe | undefined;
  /** settles when the runs that were asked for before have ended */
  #idle: Promise<unknown> = Promise.resolve();

  private constructor(options: SimulatedOptions) {
    this.options = options;
    installAmbient();
    installCrashes();
    installWatchdog();
  }

  static async start(options: SimulatedOptions): Promise<SimulatedStack> {
    return new SimulatedStack(options);
  }

  async load(bundle: Bundle): Promise<void> {
    // compiled at once: a debugger then knows the services before the first of them runs
    programOf(bundle);
    this.#bundle = bundle;
  }

  guard(gate: Gate): void {
    this.#gate = gate;
    if (this.#now) this.#now.gate = gate;
  }

  /**
   * Runs `main` in a fresh universe, once the runs before it have ended. Time moves only while `main` waits for the stack, and `main` must wait for nothing
   * else. Rejects with what `main` threw, with an `EscapeError` when a service did what cannot be simulated, and with an
   * error that names it when the SDK sent what the model does not know.
   * @param options what differs from the stack's own: above all the seed
   */
  run<T>(main: () => Promise<T>, options: Partial<SimulatedOptions> = {}): Promise<T> {
    const run = this.#idle.then(() => this.#run(main, { ...this.options, ...options }));
    this.#idle = run.catch(() => {});
    return run;
  }

  #run<T>(main: () => Promise<T>, options: SimulatedOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        try {
          if (!this.#bundle) throw new Error("no services are loaded");
          this.#now?.close();
          this.#now = new Universe(this.#bundle, options);
          this.#now.gate = this.#gate;
          takeTurnSoon(new Pump(this.#now, AsyncLocalStorage.bind(main), resolve, reject));
        } catch (error) {
          reject(error);
        }
      };
      takeTurnSoon({ run: begin, interrupted: reject });
    });
  }

  async fetch(to: Destination, request: ClientRequest): Promise<ClientAnswer> {
    return this.#running().fetch(to, request);
  }

  async inject(injection: Injection): Promise<Injected> {
    return this.#running().inject(injection);
  }

  async forget(invocations: string[]): Promise<void> {
    for (const id of invocations) this.#universe().restate.processor.purge(id);
  }

  async close(): Promise<void> {
    this.#now?.close();
    this.#now = undefined;
    this.#bundle = undefined;
  }

  /** The Kafka broker of the run; `POST /subscriptions` at the admin API makes its records invocations. */
  get broker(): Broker {
    return this.#universe().broker;
  }

  /** Sixteen hexadecimal digits that stand for all that happened in the run. */
  traceHash(): string {
    return this.#universe().trace.hash;
  }
  /** The run in words, a line for each thing that happened; empty unless the options ask for it. */
  trace(): readonly string[] {
    return this.#universe().trace.lines;
  }
  /** How many things happened in the run, and how many milliseconds it took on its own clock. */
  get size(): { steps: number; milliseconds: number } {
    const { scheduler } = this.#universe();
    return { steps: scheduler.steps, milliseconds: scheduler.now };
  }

  /** The present run, or the last one. */
  #universe(): Universe {
    if (!this.#now) throw new Error(NOT_RUNNING);
    return this.#now;
  }
  #running(): Universe {
    const universe = this.#universe();
    if (universe.isOver) throw new Error(NOT_RUNNING);
    return universe;
  }
}

const guard = new EscapeGuard((who: Surroundings, error) => {
  if (who instanceof Strand) (who.process.machine as Universe).fail(error);
});

/** Drives one run: lets `main` go on as far as it can, then lets one thing happen in the universe, and again. */
class Pump<T> implements Turn {
  readonly #universe: Universe;
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
    universe: Universe,
    main: () => Promise<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#universe = universe;
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
    this.#universe.close();
    done();
  }

  interrupted(death: SubjectDied): void {
    guard.disable();
    Error.stackTraceLimit = this.#stackTraceLimit;
    this.#universe.close();
    this.#reject(death);
  }

  /** How the run ended; nothing when it has not, and the real event loop is to have its turn. */
  #advance(): (() => void) | undefined {
    if (!this.#started) this.#start();
    const turnStarted = realNow();
    // a turn that takes long counts as a short one: somebody may have paused it in a debugger
    this.#idle += Math.min(turnStarted - this.#lastTurn, TURN);
    this.#lastTurn = turnStarted;
    for (let steps = 1; ; steps++) {
      drain();
      if (this.#universe.failure) throw this.#universe.failure;
      if (this.#settled) return this.#settled;
      if (this.#universe.scheduler.steps > ENDLESS) throw new Error(RUNS_ON);
      if (this.#universe.scheduler.step()) {
        this.#idle = 0;
        if (steps % 64 === 0 && realNow() - turnStarted > TURN) return undefined;
        continue;
      }
      if (this.#idle > PATIENCE) throw new Error(STUCK);
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

const NOT_RUNNING = "nothing happens on a simulated stack but inside of run()";

const RUNS_ON = `the simulated run does not come to an end: ${ENDLESS} things have happened in it`;

const STUCK =
  "the simulated run is stuck: nothing can happen any more, and yet it has not ended. Either a promise is never settled, " +
  "or something waits for the real world";
