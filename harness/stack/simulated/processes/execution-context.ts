import type { Attempt, ProcessDeath } from "../../stack.ts";
import { hash, randomStream } from "../chance.ts";
import type { Freeable } from "./hash-keys.ts";
import type { Host } from "./host.ts";
import type { Cancellable, VirtualGlobals } from "./virtual-globals.ts";

/** The process as its code sees it: what the virtual globals lead to. */
export interface ContextProcess {
  readonly host: Host;
  /** when it was started, in milliseconds from the start of the run */
  readonly started: number;
  /** requests of its own that have no answer yet */
  requestsInFlight: number;
  readonly leaving: Map<string, () => void>;
  /** Runs some of its code, and all that follows from it at this instant. */
  enter(context: ExecutionContext, action: () => void): void;
  timer(context: ExecutionContext, name: string, milliseconds: number, action: () => void): Cancellable;
  immediate(context: ExecutionContext, action: () => void): Cancellable;
  fetch(context: ExecutionContext, name: string, input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Nobody caught an error, or handled a rejection: it dies. */
  crash(context: ExecutionContext, error: unknown, kind?: "uncaught-error" | "unhandled-rejection"): void;
  /** The services end it themselves. */
  exit(death: ProcessDeath): void;
}

/** What code of a process works on: an attempt of an invocation, or a request to a front app. It names what it does. */
export class ExecutionContext implements VirtualGlobals {
  readonly process: ContextProcess;
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

  constructor(process: ContextProcess, name: string, attempt?: Attempt, headers: Record<string, string> = {}) {
    this.process = process;
    this.name = name;
    this.actor = attempt ? name.slice(0, name.lastIndexOf("#")) : name;
    this.attempt = attempt;
    this.work = attempt ? `${attempt.service}/${attempt.handler}` : "a front app or the start of the services";
    this.headers = headers;
    this.#random = randomStream(hash(process.host.seed, `random ${name}`));
  }

  now(): number {
    return Math.floor(this.process.host.wallClock());
  }
  uptime(): number {
    return this.process.host.scheduler.now - this.process.started;
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
    return this.process.fetch(this, `${this.name} request ${++this.#requests}`, input, init);
  }
}
