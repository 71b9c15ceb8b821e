/**
 * A stack is something that runs the services: simulated, native processes, containers, or an external deployment.
 * Plans, properties and the runner know only this interface. Time, the clients' way in, and the services' way out to
 * external systems all go through it, so that a simulated stack needs no special case above this line.
 */

import type { z } from "zod";

export type StackKind = "simulated" | "native" | "containers" | "external";

/** What a stack can do to itself; a fault kind names those that it needs. */
export type Capability = "message-cut" | "kill-endpoint" | "zombie" | "kill-server" | "virtual-time";

export interface Clock {
  /** milliseconds since 1970, as the services take it for the time; monotonic */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** Where a client's request goes: Restate's ingress, its admin API, or a front HTTP app of the services. */
export type Destination = "ingress" | "admin" | { app: string };

export interface ClientRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
  /** aborting it cuts the connection, as a client does that walks away */
  signal?: AbortSignal;
}
export interface ClientAnswer {
  status: number;
  /** lower-case names */
  headers: Record<string, string>;
  body: string;
}

/** The services to run: one CommonJS module made by esbuild, packages left outside, with the exports of a catalog. */
export interface Bundle {
  /** a hash of the content, to tell bundles apart */
  id: string;
  /** the path of the bundle on disk, beneath a folder in which its external imports resolve */
  file: string;
  /** the patterns of the catalog to serve */
  patterns: string[];
  /** configuration of the services, as environment variables */
  environment: Record<string, string>;
  /** variables that hold the base URL of an external system, with the path that stands for it: FLIGHTS_URL -> "/flights" */
  external: Record<string, string>;
}

/** One HTTP exchange between Restate and the endpoint, for one invocation. */
export interface Attempt {
  invocation: string;
  service: string;
  handler: string;
  key?: string;
  /** the n-th attempt of this invocation that the stack saw, from 1 */
  number: number;
}

/** One message of the service protocol. */
export interface Message {
  direction: "to-endpoint" | "to-server";
  /** position among the messages of its direction in its attempt, from 1 */
  index: number;
  type: number;
  /** the protocol's name of the type, e.g. "Run" */
  name: string;
  /** decodes the content; throws on a type that the protocol module does not know */
  decode(): Record<string, unknown>;
}

/** `undefined` lets it pass; `reset` resets the stream; `session` destroys the connection with all its streams. */
export type Decision = undefined | "reset" | "session";

/** An HTTP request of a service to an external system. */
export interface ExternalRequest {
  method: string;
  /** path with query, e.g. "/flights/reserve" */
  path: string;
  headers: Record<string, string>;
  body: string;
  /** the attempt on whose behalf it is made, when the stack can tell */
  from?: { invocation: string; attempt: number };
}
export interface ExternalAnswer {
  status: number;
  body: string;
  /** names in lower case; JSON is the content type unless another is named */
  headers?: Record<string, string>;
}

/**
 * Sees and decides everything that passes. A promise holds the message (and what follows it in its direction) until it
 * settles. `before` is asked before a message is delivered: cutting loses it; `after` once it has been delivered.
 */
export interface Gate {
  opened(attempt: Attempt): void;
  before(attempt: Attempt, message: Message): Decision | Promise<Decision>;
  after(attempt: Attempt, message: Message): Decision | Promise<Decision>;
  /** the exchange is over; `clean` means that it ended with End, Suspension or Error */
  closed(attempt: Attempt, clean: boolean): void;
  /** answers a request of a service to an external system; "lost" closes the connection without an answer */
  external(request: ExternalRequest): Promise<ExternalAnswer | "lost">;
  /** A service process has died of its own doing; another takes its place. Called where the stack notices it. */
  died?(death: ProcessDeath): void;
}

/** A service process ended by itself, or had to be ended: nothing that was injected did it. */
export interface ProcessDeath {
  /** hang: a handler never pauses; out-of-memory: it allocates without end */
  kind: "exit" | "uncaught-error" | "unhandled-rejection" | "hang" | "out-of-memory";
  /** what the process was working on: "service/handler" of an attempt, or the name of another request */
  handler: string;
  /** what happened, in one sentence */
  message: string;
  /** where in the sources, when it is known: "src/sagas/booking.ts:12" */
  place?: string | undefined;
}

/** What a stack can do to its own parts. */
export type Injection =
  /** SIGKILL the endpoint; the next attempts go to a fresh process */
  | { kind: "kill-endpoint" }
  /** freeze the endpoint, fail over to a fresh one, cut the frozen one's streams; heal thaws it, and it ends once it is idle */
  | { kind: "zombie" }
  /** SIGKILL Restate; heal starts it again with its data and waits until it serves */
  | { kind: "kill-server" };

export interface Injected {
  /**
   * Lets go, thaws or starts again; settles when that is done, within a bound of its own. It waits for nobody else, least
   * of all for another heal: what is released by one may be what another needs to come to rest. Idempotent.
   */
  heal(): Promise<void>;
  /**
   * Settles when what was healed has done what it had left to do; absent where nothing is left. To be called once healing
   * has begun. Rejects with an error that names what is still going on, when that takes longer than its bound.
   */
  rested?(): Promise<void>;
}

/** That a part of the stack has ended. */
export interface Death {
  part: "service process" | "restate-server" | "reaper";
  /** "exit code 1", "signal SIGKILL" */
  how: string;
  /**
   * Whether the harness ended it. A service process that ends unexpectedly is the services' doing; that of any other part
   * is a failure of the machinery.
   */
  expected: boolean;
  /** the last lines that it wrote */
  output: string;
}

export interface InvocationStatus {
  id: string;
  service: string;
  handler: string;
  key?: string;
  /** one that the client chose; a server may also show one of its own making */
  idempotencyKey?: string;
  status: "pending" | "scheduled" | "ready" | "running" | "backing-off" | "suspended" | "paused" | "completed";
  /** scheduled: when it is due, in milliseconds of the stack's clock */
  due?: number;
  /** the last error of an attempt, when it is backing off or paused */
  failure?: string;
}

/** Read-only views. Checkers never see SQL. */
export interface Probe {
  /** invocations that have not completed; trustworthy also right after a restart */
  unfinished(): Promise<InvocationStatus[]>;
  /** state of the objects and workflows whose key begins with the prefix: "service/key" -> name -> JSON text */
  state(keyPrefix: string): Promise<Record<string, Record<string, string>>>;
}

/** A handler that clients may call, as its service described it when it was registered. */
export interface HandlerDescription {
  service: string;
  handler: string;
  /** it is called with the key of an object or workflow */
  isKeyed: boolean;
  /** the JSON schema of its input, where it has one */
  schema?: JsonSchema;
}
export type JsonSchema = z.core.JSONSchema.JSONSchema;

export interface Stack {
  readonly kind: StackKind;
  readonly capabilities: ReadonlySet<Capability>;
  /** the only clock that the runner and the world may use */
  readonly clock: Clock;
  readonly probe: Probe;
  /** A client's request. Rejects with an Error whose message says how the connection failed. */
  fetch(to: Destination, request: ClientRequest): Promise<ClientAnswer>;
  /** Replaces the services. Nothing may be in flight. */
  load(bundle: Bundle): Promise<void>;
  /** Installs the gate that sees all traffic; there is one at a time. */
  guard(gate: Gate): void;
  /**
   * Runs `main`; on a simulated stack time moves only while it is blocked, and the seed decides what a real one leaves
   * to chance.
   */
  run<T>(main: () => Promise<T>, options?: { seed?: number }): Promise<T>;
  inject(injection: Injection): Promise<Injected>;
  /**
   * Tells of every part that ends, at once; one that ended unexpectedly is then replaced. Absent where parts cannot end by
   * themselves.
   * @returns a function after which the listener hears of no more
   */
  onDeath?(listener: (death: Death) => void): () => void;
  /** The handlers of the services that are loaded, once they have run; absent where nobody can tell. */
  handlers?(): readonly HandlerDescription[];
  /** Stands for everything that happened in the run that ended last; only where runs can be repeated exactly. */
  traceHash?(): string;
  /** Forgets completed invocations, so that a long run does not slow down. */
  forget(invocations: string[]): Promise<void>;
  /** Ends everything that it started. Idempotent. */
  close(): Promise<void>;
}
