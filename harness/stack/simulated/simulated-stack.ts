import { AsyncLocalStorage } from "node:async_hooks";
import type {
  Bundle,
  Capability,
  ClientAnswer,
  ClientRequest,
  Clock,
  Destination,
  Gate,
  HandlerDescription,
  Injected,
  Injection,
  Probe,
  Stack,
} from "../stack.ts";
import { EventLoop } from "./event-loop.ts";
import type { Broker } from "./network/broker.ts";
import { installCrashes } from "./processes/crashes.ts";
import { programOf } from "./processes/program.ts";
import { installVirtualGlobals } from "./processes/virtual-globals.ts";
import { installWatchdog, takeTurnSoon } from "./processes/watchdog.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";

export type SimulatedOptions = SimulationOptions;

/**
 * The unmodified SDK and the unmodified services against a model of Restate, in this process, in virtual time, and
 * decided by a seed: the same seed and the same `main` give the same run, to the last message.
 *
 * One instance serves any number of cases, one after the other: every `run` is a fresh simulation, with a server that has
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
    now: () => this.#simulation().wallClock(),
    sleep: async (milliseconds) => this.#running().sleep(milliseconds),
  };
  readonly probe: Probe = {
    unfinished: async () => this.#simulation().unfinished(),
    state: async (prefix) => this.#simulation().restate.processor.state.withKeyPrefix(prefix),
  };
  /** what the next run is decided by */
  options: SimulatedOptions;
  #bundle: Bundle | undefined;
  #gate: Gate | undefined;
  #now: Simulation | undefined;
  /** settles when the runs that were asked for before have ended */
  #idle: Promise<unknown> = Promise.resolve();

  private constructor(options: SimulatedOptions) {
    this.options = options;
    installVirtualGlobals();
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
   * Runs `main` in a fresh simulation, once the runs before it have ended. Time moves only while `main` waits for the stack, and `main` must wait for nothing
   * else. Rejects with what `main` threw, with an `EscapeError` when a service did what cannot be simulated, and with an
   * error that names it when the SDK sent what the model does not know.
   * @param options what differs from the stack's own: above all the seed
   */
  run<T>(main: () => Promise<T>, options: Partial<SimulatedOptions> = {}): Promise<T> {
    const run = this.#idle.then(() => this.#run(main, { ...this.options, ...options }));
    this.#idle = run.catch(() => {});
    return run;
  }

  #run<T>(givenMain: () => Promise<T>, options: SimulatedOptions): Promise<T> {
    const main = AsyncLocalStorage.bind(givenMain);
    return new Promise((resolve, reject) => {
      let loop: EventLoop<T> | undefined;
      const begin = (): void => {
        try {
          if (!this.#bundle) throw new Error("no services are loaded");
          this.#now?.close();
          this.#now = new Simulation(this.#bundle, options);
          this.#now.gate = this.#gate;
          loop = new EventLoop(this.#now, main, resolve, reject);
        } catch (error) {
          reject(error);
          return;
        }
        loop.run();
      };
      // the services may hang when they are loaded, and after that
      takeTurnSoon({ run: begin, interrupted: (death) => (loop ? loop.interrupted(death) : reject(death)) });
    });
  }

  async fetch(to: Destination, request: ClientRequest): Promise<ClientAnswer> {
    return this.#running().fetch(to, request);
  }

  async inject(injection: Injection): Promise<Injected> {
    return this.#running().inject(injection);
  }

  async forget(invocations: string[]): Promise<void> {
    for (const id of invocations) this.#simulation().restate.processor.purge(id);
  }

  async close(): Promise<void> {
    this.#now?.close();
    this.#now = undefined;
    this.#bundle = undefined;
  }

  /** The Kafka broker of the run; `POST /subscriptions` at the admin API makes its records invocations. */
  get broker(): Broker {
    return this.#simulation().broker;
  }

  /** Those of the run that there was last. */
  handlers(): HandlerDescription[] {
    return this.#simulation().handlers.open.map(({ service, name, kind, inputSchema }) => ({
      service,
      handler: name,
      isKeyed: kind !== "service",
      ...(inputSchema && { schema: inputSchema }),
    }));
  }

  /** Sixteen hexadecimal digits that stand for all that happened in the run. */
  traceHash(): string {
    return this.#simulation().trace.hash;
  }
  /** The run in words, a line for each thing that happened; empty unless the options ask for it. */
  trace(): readonly string[] {
    return this.#simulation().trace.lines;
  }
  /** How many things happened in the run, and how many milliseconds it took on its own clock. */
  get size(): { steps: number; milliseconds: number } {
    const { scheduler } = this.#simulation();
    return { steps: scheduler.steps, milliseconds: scheduler.now };
  }

  /** The present run, or the last one. */
  #simulation(): Simulation {
    if (!this.#now) throw new Error(NOT_RUNNING);
    return this.#now;
  }
  #running(): Simulation {
    const simulation = this.#simulation();
    if (simulation.hasEnded) throw new Error(NOT_RUNNING);
    return simulation;
  }
}

const NOT_RUNNING = "nothing happens on a simulated stack but inside of run()";
