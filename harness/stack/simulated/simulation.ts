import { OPERATION_HEADER } from "../headers.ts";
import type {
  Attempt,
  Bundle,
  ClientAnswer,
  ClientRequest,
  Destination,
  ExternalAnswer,
  Gate,
  Injected,
  Injection,
  InvocationStatus,
  ProcessDeath,
} from "../stack.ts";
import { chance } from "./chance.ts";
import { Broker } from "./network/broker.ts";
import { Clients, connectionError, type ServedRequest } from "./network/clients.ts";
import type { Network } from "./network/stream.ts";
import { Endpoints } from "./processes/endpoints.ts";
import { EscapeError } from "./processes/escapes.ts";
import { ExecutionContext } from "./processes/execution-context.ts";
import type { Host, HttpAnswer, OutgoingRequest, RequestOrigin } from "./processes/host.ts";
import { SimulatedProcess } from "./processes/process.ts";
import { programOf } from "./processes/program.ts";
import { virtualGlobals } from "./processes/virtual-globals.ts";
import { discover, type Handlers } from "./restate/discovery.ts";
import type { RetryPolicy } from "./restate/invoker.ts";
import { Restate } from "./restate/restate.ts";
import { Scheduler } from "./scheduler.ts";
import { type Strategy, strategyFor } from "./strategy.ts";
import { Trace } from "./trace.ts";

/**
 * When the virtual clock starts, for the services: just before 2026-01-01, 12:00. A second begins while the run is under
 * way, so that what counts in seconds is met on both sides of one.
 */
const EPOCH = Date.UTC(2026, 0, 1, 12) - 50;

/** Addresses of a simulated process's environment. Nothing listens there: fetch knows them. */
const INGRESS = "http://restate.simulated";
const WORLD = "http://world.simulated";

/** The model's own choices; what is left out is drawn from the seed or has the value of the native stack. */
export interface SimulationOptions {
  /** decides everything that is left to chance */
  seed: number;
  strategy?: Strategy;
  /** the chance that an attempt must suspend wherever it waits, as in request/response mode; 0 when absent */
  suspend?: number;
  /** services read their state on demand */
  lazyState?: boolean;
  retry?: RetryPolicy;
  /** keep the lines of the trace, for a reader; a function is told each as it comes */
  readable?: boolean | ((line: string) => void);
}

/** Quick at first, as on the native stack; what fails for ever soon takes less of everybody's time than there. */
const RETRY: RetryPolicy = { initialInterval: 1, factor: 2, maxInterval: 10_000 };

const handlersOf = new WeakMap<object, Handlers>();

/** One run: a server, processes, clients and a clock of its own, made afresh for every case. */
export class Simulation implements Host, Network {
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly endpoints: Endpoints;
  readonly restate: Restate;
  readonly handlers: Handlers;
  readonly broker = new Broker(() => this.wallClock());
  gate: Gate | undefined;
  /** why the run cannot go on: an error of the subject or of the model */
  failure: Error | undefined;
  /** nothing happens any more; what there is can be looked at */
  hasEnded = false;
  readonly #names = new Map<string, number>();
  readonly #clients: Clients;
  /** requests to external systems that have no answer yet, with the attempt that made them */
  readonly #calls = new Map<object, Attempt | undefined>();

  /** @throws what the bundle throws when it is evaluated or registered */
  constructor(bundle: Bundle, options: SimulationOptions) {
    const { seed, strategy = strategyFor(seed), readable = false } = options;
    this.seed = seed;
    const listener =
      typeof readable === "function" ? (line: string) => virtualGlobals.exit(() => readable(line)) : undefined;
    this.trace = new Trace(readable !== false, listener);
    this.scheduler = new Scheduler(strategy, this.trace);
    this.trace.note(0, `seed ${seed}, ${strategy.name}`);
    const program = programOf(bundle);
    const environment = {
      NODE_ENV: "production",
      ...bundle.environment,
      INGRESS_URL: INGRESS,
      ...Object.fromEntries(Object.entries(bundle.external).map(([variable, path]) => [variable, WORLD + path])),
    };
    this.endpoints = new Endpoints(
      this,
      (name) => new SimulatedProcess(this, name, () => program.evaluate(environment)),
    );
    // it starts before anything else, whether or not it is asked what it serves
    const first = this.endpoints.current;
    const handlers = handlersOf.get(program) ?? this.#register(first);
    handlersOf.set(program, handlers);
    this.handlers = handlers;
    const registered = { handlers, sdkVersion: program.sdkVersion };
    this.#clients = new Clients(this);
    const { suspend = 0, lazyState = false, retry = RETRY } = options;
    this.restate = new Restate(this, this.endpoints, registered, this.broker, {
      seed,
      suspend,
      lazyState,
      retry,
      epoch: EPOCH,
    });
  }

  #register(process: SimulatedProcess): Handlers {
    let finish: (() => Handlers) | undefined;
    process.enter(new ExecutionContext(process, "discovery"), () => {
      finish = discover(process.services);
    });
    return finish!();
  }

  wallClock(): number {
    return EPOCH + this.scheduler.now;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.at(this.scheduler.now + milliseconds, "the runner", "", resolve);
    });
  }

  // --- requests ---

  /** A client's request, from outside of the simulated processes. */
  fetch(to: Destination, request: ClientRequest): Promise<ClientAnswer> {
    const { method, path, body = "", signal } = request;
    const headers: Record<string, string> = {};
    for (const [key, value] of Object.entries(request.headers)) headers[key.toLowerCase()] = value;
    // a tag may stand before the operation, and differ from run to run
    const operation = headers[OPERATION_HEADER]?.split("/").at(-1);
    const name = this.#unique(operation ?? `${method} ${path}`);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new Error("the client closed the connection"));
      const callbacks = { resolve, reject };
      const connection = this.#clients.request(to, { name, method, path, headers, body }, callbacks);
      signal?.addEventListener("abort", () => connection.abort(), { once: true });
    });
  }

  /** A request that leaves a simulated process. */
  request(from: RequestOrigin, request: OutgoingRequest, answer: (answer: HttpAnswer | Error) => void): void {
    const { origin, pathname, search, href } = request.url;
    const path = pathname + search;
    if (origin === INGRESS) this.#clients.request("ingress", { ...request, path }, { resolve: answer, reject: answer });
    else if (origin === WORLD) this.#external(from, { ...request, path }, answer);
    else
      this.fail(new EscapeError(`a service requests ${href}: neither Restate nor an external system of its pattern`));
  }

  #external(from: RequestOrigin, request: ServedRequest, answer: (answer: HttpAnswer | Error) => void): void {
    const { name, method, path, headers, body } = request;
    const { attempt } = from;
    const there = this.scheduler.link(`${name} >`, from.actor);
    const back = this.scheduler.link(`${name} <`, from.actor);
    const source = attempt ? { from: { invocation: attempt.invocation, attempt: attempt.number } } : {};
    const sendBack = (label: string, result: HttpAnswer | Error) =>
      back.send(`${name}: ${label}`, () => {
        this.#calls.delete(request);
        answer(result);
      });
    const arrived = (result: ExternalAnswer | "lost"): void => {
      if (result === "lost") sendBack("no answer", connectionError("ECONNRESET"));
      else {
        const headers = { "content-type": "application/json", ...result.headers };
        sendBack(`${result.status} ${result.body}`, { ...result, headers });
      }
    };
    this.#calls.set(request, attempt);
    from.process.leaving.set(name, () => {
      there.cut();
      this.#calls.delete(request);
    });
    there.send(`${name}: ${method} ${path} ${body}`, () => {
      from.process.leaving.delete(name);
      const answered = this.gate?.external({ method, path, headers, body, ...source }) ?? Promise.resolve("lost");
      answered.then(
        (result) => this.scheduler.soon(() => arrived(result)),
        (error: unknown) => this.fail(error),
      );
    });
  }

  /** Invocations that have not completed, or for which an attempt that is given up still calls an external system. */
  unfinished(): InvocationStatus[] {
    const unfinished = this.restate.unfinished();
    const known = new Set(unfinished.map(({ id }) => id));
    for (const attempt of this.#calls.values()) {
      if (!attempt || known.has(attempt.invocation)) continue;
      const { invocation: id, number: _, ...target } = attempt;
      unfinished.push({ id, ...target, status: "running" });
    }
    return unfinished;
  }

  /** Names are unique in a run: the second of a name is called "name'2". */
  #unique(name: string): string {
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    return count === 1 ? name : `${name}'${count}`;
  }

  // --- faults ---

  /** A blow takes a moment to fall, as a signal does: what is not held goes on until then. */
  inject(injection: Injection): Promise<Injected> {
    const name = this.#unique(`fault ${injection.kind}`);
    return new Promise((resolve) => {
      this.scheduler.link(name, name).send("", () => resolve(this.#apply(injection)));
    });
  }

  /** Answers how it is healed. */
  #apply({ kind }: Injection): Injected {
    switch (kind) {
      case "kill-endpoint":
        this.endpoints.kill();
        return { heal: async () => {} };
      case "zombie": {
        const frozen = this.endpoints.freeze();
        const rest = Promise.withResolvers<void>();
        return { heal: once(() => this.endpoints.thaw(frozen, rest.resolve)), rested: () => rest.promise };
      }
      case "kill-server":
        this.restate.crash();
        this.#clients.serverDied();
        return { heal: once(() => this.#restart()) };
    }
  }

  /** A restart takes its time. */
  async #restart(): Promise<void> {
    await this.sleep(50 + chance(this.seed, `restart ${this.scheduler.now}`) * 200);
    this.restate.recover();
  }

  /** The gate is told before anything else happens, outside of the process. */
  died(death: ProcessDeath): void {
    this.scheduler.soon(() => this.gate?.died?.(death));
  }

  /** The run cannot go on. */
  fail(error: unknown): void {
    if (this.failure && !(this.failure instanceof EscapeError && this.failure.isVague)) return;
    this.failure = error instanceof Error ? error : new Error(String(error));
  }

  /** Ends the processes: nothing of this run happens any more. */
  close(): void {
    this.hasEnded = true;
    this.endpoints.close();
  }
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}
