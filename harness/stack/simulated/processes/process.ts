import type { ProcessDeath } from "../../stack.ts";
import { chance } from "../chance.ts";
import { SubjectDied } from "./deaths.ts";
import type { Exchange } from "./exchange.ts";
import { type ContextProcess, ExecutionContext } from "./execution-context.ts";
import { virtualFetch } from "./fetch.ts";
import { type Connection, type Host, remainsOf } from "./host.ts";
import { placeHere, placeOfError } from "./places.ts";
import type { Services } from "./program.ts";
import { type Cancellable, realNow, virtualGlobals } from "./virtual-globals.ts";
import { endsWork, interruption, startsWork } from "./watchdog.ts";

/**
 * So many attempts that are over keep what the SDK holds for them. A step that was under way when its attempt ended still
 * tells the SDK what it has come to: if that were gone, each time would cost its shared memory a little, until it breaks.
 */
const MAX_KEPT_ATTEMPTS = 100;

/** how often a process may turn without coming to rest before that counts as an endless loop */
const MAX_TURNS = 100_000;

/**
 * Whether errors of simulated code have stacks. Nobody pays for that before a process has died of an error: from then on
 * such a death has a place, and a run that is repeated has it from its beginning.
 */
let recordsStacks = false;

/** Runs what Node has ready, microtasks and ticks, until nothing is left. Without effect inside of a microtask. */
export const drain: () => void = (process as unknown as { _tickCallback(): void })._tickCallback;

type Entry = { context: ExecutionContext; action: () => void };

/**
 * Real milliseconds that simulated processes have taken, all together: to start, which is to evaluate the services, and
 * to work on what entered them, which is the SDK's time and the services'. A benchmark compares them with the whole. Only
 * measured on demand: the clock itself costs one part in a hundred.
 */
export const realTime = { isMeasured: false, starting: 0, working: 0 };
const measuredNow = (): number => (realTime.isMeasured ? realNow() : 0);

/**
 * A process that serves the services: a fresh evaluation of the bundle, with immediates, timers and requests of its own.
 * Whatever enters it is run to rest before anything else happens: that takes no virtual time, and can be done over.
 */
export class SimulatedProcess implements ContextProcess {
  readonly name: string;
  readonly started: number;
  readonly services: Services;
  /** streams from Restate that it has accepted and not yet finished */
  readonly exchanges = new Map<Exchange, ExecutionContext>();
  /** streams from Restate to it, as seen from there */
  readonly streams = new Set<Connection>();
  /** clients that wait for its front apps */
  readonly clients = new Set<Connection>();
  /** when something last entered it, in milliseconds from the start of the run */
  lastActive: number;
  /** requests of its own that have no answer yet */
  requestsInFlight = 0;
  /** requests that are on their way out, by name, and how to lose them: some are lost when the process dies */
  readonly leaving = new Map<string, () => void>();
  #host: Host;
  #alive = true;
  /** what would have entered while it was frozen */
  #backlog: Entry[] | undefined;
  #immediates: (Entry & { cancelled: boolean })[] = [];
  #finished: ExecutionContext[] = [];
  /** it has turned very often without coming to rest */
  #isRestless = false;
  /** where it asked for another immediate then */
  #restlessPlace: string | undefined;

  constructor(host: Host, name: string, start: () => Services) {
    this.#host = host;
    this.name = name;
    this.lastActive = host.scheduler.now;
    this.started = host.scheduler.now - 100 - chance(host.seed, `uptime ${name}`) * 1000;
    const context = new ExecutionContext(this, name);
    const before = measuredNow();
    startsWork(context.work);
    try {
      this.services = virtualGlobals.run(context, start);
    } finally {
      endsWork();
    }
    realTime.starting += measuredNow() - before;
    this.enter(context, () => {});
  }

  get host(): Host {
    return this.#host;
  }
  get alive(): boolean {
    return this.#alive;
  }
  get frozen(): boolean {
    return this.#backlog !== undefined;
  }

  /** Runs some of its code, and all that follows from it at this instant. */
  enter(context: ExecutionContext, action: () => void): void {
    if (!this.#alive) return;
    if (this.#backlog) return void this.#backlog.push({ context, action });
    this.lastActive = this.host.scheduler.now;
    const limit = Error.stackTraceLimit;
    // the SDK makes errors for its own use in every attempt: their stacks would cost more than the rest of it
    if (!recordsStacks && !this.host.scheduler.trace.hasReader) Error.stackTraceLimit = 0;
    const before = measuredNow();
    startsWork(context.work);
    try {
      virtualGlobals.run(context, action);
      this.#rest();
    } catch (error) {
      this.crash(context, error);
    } finally {
      Error.stackTraceLimit = limit;
      endsWork();
    }
    const interrupted = interruption();
    if (interrupted) this.host.fail(interrupted);
    while (this.#finished.length > MAX_KEPT_ATTEMPTS) free(this.#finished.shift()!);
    realTime.working += measuredNow() - before;
  }

  /** An error that nobody caught: Node would end the process. */
  crash(
    context: ExecutionContext,
    error: unknown,
    kind: "uncaught-error" | "unhandled-rejection" = "uncaught-error",
  ): void {
    if (!this.#alive) return;
    this.host.scheduler.log(`${this.name} dies of an error that nobody caught: ${error}`);
    const what = kind === "uncaught-error" ? "an error that nobody caught" : "a rejection that nobody handled";
    const message = `the service process ended: ${what}: ${error}`;
    const place = placeOfError(error);
    if (place === undefined) recordsStacks = true;
    this.#die({ kind, handler: context.work, message, place });
  }

  /** The services end their process themselves. */
  exit(death: ProcessDeath): void {
    if (!this.#alive) return;
    this.host.scheduler.log(`${this.name} ends itself: ${death.message}`);
    this.#die(death);
  }

  #die(death: ProcessDeath): void {
    this.kill();
    this.host.died(death);
  }

  /** SIGKILL: nothing is ever delivered to it again, and its connections break. */
  kill(): void {
    if (!this.#alive) return;
    this.end();
    this.#hangUp();
  }

  /**
   * The run is over. V8 puts some functions where only a full collection finds them dead, some of them the SDK's: what
   * these hold must not hold all of the run, or finished runs fill the memory that is meant for the present one.
   */
  detachFromHost(): void {
    this.end();
    this.#host = remainsOf(this.#host);
  }

  /** It is gone, and nobody is told. */
  end(): void {
    this.#alive = false;
    this.#immediates = [];
    this.#backlog = undefined;
    for (const [exchange, context] of this.exchanges) virtualGlobals.run(context, () => exchange.abandon());
    this.#immediates = [];
    for (const context of this.exchanges.values()) free(context);
    for (const context of this.#finished.splice(0)) free(context);
    this.exchanges.clear();
    for (const [name, lose] of this.leaving) if (chance(this.host.seed, `${name} is lost`) < 0.5) lose();
  }

  /** The connection from Restate breaks, with all its streams. */
  breakStreams(): void {
    for (const stream of [...this.streams]) stream.break();
  }
  /** It has died: those at the other ends will notice. */
  #hangUp(): void {
    for (const connection of [...this.streams, ...this.clients]) connection.died();
  }

  /** SIGSTOP: what enters waits. */
  freeze(): void {
    this.#backlog ??= [];
  }
  /** SIGCONT: what has waited enters, in order. */
  thaw(): void {
    const backlog = this.#backlog ?? [];
    this.#backlog = undefined;
    this.lastActive = this.host.scheduler.now;
    for (const { context, action } of backlog) this.enter(context, action);
  }

  /** The SDK has closed its side of an exchange. */
  finished(exchange: Exchange): void {
    const context = this.exchanges.get(exchange);
    this.exchanges.delete(exchange);
    if (context) this.#finished.push(context);
  }

  immediate(context: ExecutionContext, action: () => void): Cancellable {
    const entry = {
      context,
      action,
      cancelled: false,
      cancel: () => {
        entry.cancelled = true;
      },
    };
    if (this.#isRestless) this.#restlessPlace ??= placeHere();
    if (this.#alive) this.#immediates.push(entry);
    return entry;
  }

  timer(context: ExecutionContext, name: string, milliseconds: number, action: () => void): Cancellable {
    const { scheduler } = this.host;
    return scheduler.at(scheduler.now + milliseconds, context.actor, "", () => {
      if (!this.#alive) return;
      this.host.scheduler.log(name);
      this.enter(context, action);
    });
  }

  /** Immediates follow each other without end. */
  #restless(): ProcessDeath {
    const [last] = this.#immediates;
    const handler = last?.context.work ?? this.name;
    const message = "the service process hangs: it does not come to rest, one immediate follows the other";
    return { kind: "hang", handler, message, place: this.#restlessPlace };
  }

  fetch(context: ExecutionContext, name: string, input: string | URL | Request, init?: RequestInit): Promise<Response> {
    return virtualFetch(context, name, input, init);
  }

  #rest(): void {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      this.#isRestless = turn === MAX_TURNS - 1;
      drain();
      const immediates = this.#immediates;
      if (immediates.length === 0) return;
      this.#immediates = [];
      for (const { context, action, cancelled } of immediates) {
        if (cancelled || !this.#alive) continue;
        startsWork(context.work);
        virtualGlobals.run(context, action);
        drain();
      }
    }
    this.host.fail(new SubjectDied(this.#restless()));
  }
}

function free(context: ExecutionContext): void {
  context.vm?.free();
  context.vm = undefined;
}
