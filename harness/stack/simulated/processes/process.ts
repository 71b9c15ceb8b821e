import type { Attempt, ProcessDeath } from "../../stack.ts";
import { chance, hash, randomStream } from "../chance.ts";
import { Scheduler } from "../scheduler.ts";
import { SubjectDied } from "./deaths.ts";
import type { Exchange } from "./exchange.ts";
import { virtualFetch } from "./fetch.ts";
import type { Freeable } from "./hash-keys.ts";
import { placeHere, placeOfError } from "./places.ts";
import type { Services } from "./program.ts";
import { type Cancellable, realNow, type Surroundings, surroundings } from "./virtual-globals.ts";
import { endsWork, interruption, startsWork } from "./watchdog.ts";

/** What lies around a process: the machine, so to speak. */
export interface Machine {
  readonly seed: number;
  readonly scheduler: Scheduler;
  /** milliseconds since the epoch */
  wallClock(): number;
  /** An HTTP request leaves a process; `answer` is to be called at most once, from an event. */
  request(from: Strand, request: OutgoingRequest, answer: (answer: HttpAnswer | Error) => void): void;
  /** A process has died of its own doing. */
  died(death: ProcessDeath): void;
  /** The run cannot go on. */
  fail(error: unknown): void;
}

/** What is left of a machine when the run is over: stragglers may look at the clock. */
function remains(machine: Machine): Machine {
  const { seed, scheduler } = machine;
  const wallClock = machine.wallClock();
  const still = new Scheduler(scheduler.strategy, scheduler.trace);
  still.now = scheduler.now;
  return { seed, scheduler: still, wallClock: () => wallClock, request: () => {}, died: () => {}, fail: () => {} };
}

/** The other end of a connection to a process. */
export interface Connection {
  /** The connection breaks: the other end is told at once, the process some time later. */
  break(): void;
  /** The process has died: what it had sent before may still arrive. */
  died(): void;
}

export interface OutgoingRequest {
  /** stable: what becomes of it hangs on it */
  name: string;
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: string;
}
export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * So many attempts that are over keep what the SDK holds for them. A step that was under way when its attempt ended still
 * tells the SDK what it has come to: if that were gone, each time would cost its shared memory a little, until it breaks.
 */
const KEPT = 100;

/** how often a process may turn without coming to rest before that counts as an endless loop */
const ENDLESS = 100_000;

/**
 * Whether errors of simulated code have stacks. Nobody pays for that before a process has died of an error: from then on
 * such a death has a place, and a run that is repeated has it from its beginning.
 */
let recordsStacks = false;

/** Runs what Node has ready, microtasks and ticks, until nothing is left. Without effect inside of a microtask. */
export const drain: () => void = (process as unknown as { _tickCallback(): void })._tickCallback;

/** What code of a process works on: an attempt of an invocation, or a request to a front app. It names what it does. */
export class Strand implements Surroundings {
  readonly process: SimulatedProcess;
  /** stable, e.g. "o3#1": the first attempt of the invocation that operation o3 made */
  readonly name: string;
  /** whose progress it is: the invocation's, or its own */
  readonly actor: string;
  readonly attempt: Attempt | undefined;
  /** what it works on, for a message: "service/handler", or what is no handler */
  readonly work: string;
  /** headers that its requests carry on */
  readonly headers: Record<string, string>;
  /** what the SDK holds for it outside of the JavaScript heap */
  vm: Freeable | undefined;
  readonly #random: () => number;
  #timers = 0;
  #requests = 0;

  constructor(process: SimulatedProcess, name: string, attempt?: Attempt, headers: Record<string, string> = {}) {
    this.process = process;
    this.name = name;
    this.actor = attempt ? name.slice(0, name.lastIndexOf("#")) : name;
    this.attempt = attempt;
    this.work = attempt ? `${attempt.service}/${attempt.handler}` : "a front app or the start of the services";
    this.headers = headers;
    this.#random = randomStream(hash(process.machine.seed, `random ${name}`));
  }

  now(): number {
    return Math.floor(this.process.machine.wallClock());
  }
  uptime(): number {
    return this.process.machine.scheduler.now - this.process.started;
  }
  random(): number {
    return this.#random();
  }
  setTimeout(callback: () => void, milliseconds: number): Cancellable {
    return this.process.timer(this, `${this.name} timer ${++this.#timers}`, milliseconds, callback);
  }
  setImmediate(callback: () => void): Cancellable {
    return this.process.immediate(this, callback);
  }
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    return virtualFetch(this, `${this.name} request ${++this.#requests}`, input, init);
  }
}

type Entry = { strand: Strand; action: () => void };

/**
 * Real milliseconds that simulated processes have taken, all together: to start, which is to evaluate the services, and
 * to work on what entered them, which is the SDK's time and the services'. A benchmark compares them with the whole.
 */
export const realTime = { starting: 0, working: 0 };

/**
 * A process that serves the services: a fresh evaluation of the bundle, with immediates, timers and requests of its own.
 * Whatever enters it is run to rest before anything else happens: that takes no virtual time, and can be done over.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly started: number;
  readonly services: Services;
  /** streams from Restate that it has accepted and not yet finished */
  readonly exchanges = new Map<Exchange, Strand>();
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
  #machine: Machine;
  #alive = true;
  /** what would have entered while it was frozen */
  #backlog: Entry[] | undefined;
  #immediates: (Entry & { cancelled: boolean })[] = [];
  #finished: Strand[] = [];
  /** it has turned very often without coming to rest */
  #isRestless = false;
  /** where it asked for another immediate then */
  #restlessPlace: string | undefined;

  constructor(machine: Machine, name: string, start: () => Services) {
    this.#machine = machine;
    this.name = name;
    this.lastActive = machine.scheduler.now;
    this.started = machine.scheduler.now - 100 - chance(machine.seed, `uptime ${name}`) * 1000;
    const strand = new Strand(this, name);
    const before = realNow();
    startsWork(strand.work);
    try {
      this.services = surroundings.run(strand, start);
    } finally {
      endsWork();
    }
    realTime.starting += realNow() - before;
    this.enter(strand, () => {});
  }

  get machine(): Machine {
    return this.#machine;
  }
  get alive(): boolean {
    return this.#alive;
  }
  get frozen(): boolean {
    return this.#backlog !== undefined;
  }

  /** Runs some of its code, and all that follows from it at this instant. */
  enter(strand: Strand, action: () => void): void {
    if (!this.#alive) return;
    if (this.#backlog) return void this.#backlog.push({ strand, action });
    this.lastActive = this.machine.scheduler.now;
    const limit = Error.stackTraceLimit;
    // the SDK makes errors for its own use in every attempt: their stacks would cost more than the rest of it
    if (!recordsStacks && !this.machine.scheduler.trace.isRead) Error.stackTraceLimit = 0;
    const before = realNow();
    startsWork(strand.work);
    try {
      surroundings.run(strand, action);
      this.#rest();
    } catch (error) {
      this.crash(strand, error);
    } finally {
      Error.stackTraceLimit = limit;
      endsWork();
    }
    const interrupted = interruption();
    if (interrupted) this.machine.fail(interrupted);
    while (this.#finished.length > KEPT) free(this.#finished.shift()!);
    realTime.working += realNow() - before;
  }

  /** An error that nobody caught: Node would end the process. */
  crash(strand: Strand, error: unknown, kind: "uncaught-error" | "unhandled-rejection" = "uncaught-error"): void {
    if (!this.#alive) return;
    this.machine.scheduler.log(`${this.name} dies of an error that nobody caught: ${error}`);
    const what = kind === "uncaught-error" ? "an error that nobody caught" : "a rejection that nobody handled";
    const message = `the service process ended: ${what}: ${error}`;
    const place = placeOfError(error);
    if (place === undefined) recordsStacks = true;
    this.#die({ kind, handler: strand.work, message, place });
  }

  /** The services end their process themselves. */
  exit(death: ProcessDeath): void {
    if (!this.#alive) return;
    this.machine.scheduler.log(`${this.name} ends itself: ${death.message}`);
    this.#die(death);
  }

  #die(death: ProcessDeath): void {
    this.kill();
    this.machine.died(death);
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
  leave(): void {
    this.end();
    this.#machine = remains(this.#machine);
  }

  /** It is gone, and nobody is told. */
  end(): void {
    this.#alive = false;
    this.#immediates = [];
    this.#backlog = undefined;
    for (const [exchange, strand] of this.exchanges) surroundings.run(strand, () => exchange.abandon());
    this.#immediates = [];
    for (const strand of this.exchanges.values()) free(strand);
    for (const strand of this.#finished.splice(0)) free(strand);
    this.exchanges.clear();
    for (const [name, lose] of this.leaving) if (chance(this.machine.seed, `${name} is lost`) < 0.5) lose();
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
    this.lastActive = this.machine.scheduler.now;
    for (const { strand, action } of backlog) this.enter(strand, action);
  }

  /** The SDK has closed its side of an exchange. */
  finished(exchange: Exchange): void {
    const strand = this.exchanges.get(exchange);
    this.exchanges.delete(exchange);
    if (strand) this.#finished.push(strand);
  }

  immediate(strand: Strand, action: () => void): Cancellable {
    const entry = {
      strand,
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

  timer(strand: Strand, name: string, milliseconds: number, action: () => void): Cancellable {
    const { scheduler } = this.machine;
    return scheduler.at(scheduler.now + milliseconds, strand.actor, "", () => {
      if (!this.#alive) return;
      this.machine.scheduler.log(name);
      this.enter(strand, action);
    });
  }

  /** Immediates follow each other without end. */
  #restless(): ProcessDeath {
    const [last] = this.#immediates;
    const handler = last?.strand.work ?? this.name;
    const message = "the service process hangs: it does not come to rest, one immediate follows the other";
    return { kind: "hang", handler, message, place: this.#restlessPlace };
  }

  #rest(): void {
    for (let turn = 0; turn < ENDLESS; turn++) {
      this.#isRestless = turn === ENDLESS - 1;
      drain();
      const immediates = this.#immediates;
      if (immediates.length === 0) return;
      this.#immediates = [];
      for (const { strand, action, cancelled } of immediates) {
        if (cancelled || !this.#alive) continue;
        startsWork(strand.work);
        surroundings.run(strand, action);
        drain();
      }
    }
    this.machine.fail(new SubjectDied(this.#restless()));
  }
}

function free(strand: Strand): void {
  strand.vm?.free();
  strand.vm = undefined;
}
