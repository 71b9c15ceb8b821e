import { OPERATION_HEADER } from "../../headers.ts";
import type { Destination } from "../../stack.ts";
import { chance } from "../chance.ts";
import type { Endpoints } from "../processes/endpoints.ts";
import { ExecutionContext } from "../processes/execution-context.ts";
import type { Connection, HttpAnswer } from "../processes/host.ts";
import type { SimulatedProcess } from "../processes/process.ts";
import type { App } from "../processes/program.ts";
import type { Restate } from "../restate/restate.ts";
import type { Link, Scheduler } from "../scheduler.ts";

export interface ServedRequest {
  /** stable, and unique in the run */
  name: string;
  method: string;
  /** with query */
  path: string;
  /** lower-case names */
  headers: Record<string, string>;
  body: string;
}

/** What clients reach. */
export interface Servers {
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly restate: Restate;
  readonly endpoints: Endpoints;
}

/** Where the answer goes; one of the two is called, once. */
export interface AnswerCallbacks {
  resolve(answer: HttpAnswer): void;
  reject(error: Error): void;
}

/** All connections of clients, those of simulated processes included. */
export class Clients {
  readonly #servers: Servers;
  readonly #open = new Set<ClientConnection>();

  constructor(servers: Servers) {
    this.#servers = servers;
  }

  /** Sends a request on a connection of its own. */
  request(to: Destination, request: ServedRequest, callbacks: AnswerCallbacks): ClientConnection {
    const connection = new ClientConnection(this.#servers, to, request, callbacks, () => this.#open.delete(connection));
    this.#open.add(connection);
    return connection;
  }

  /** Restate died: its connections are gone. */
  serverDied(): void {
    for (const connection of [...this.#open]) connection.serverDied();
  }
}

/** A connection of a client, for one request. */
export class ClientConnection implements Connection {
  readonly #servers: Servers;
  readonly #to: Destination;
  readonly #request: ServedRequest;
  readonly #callbacks: AnswerCallbacks;
  readonly #onClose: () => void;
  readonly #there: Link;
  #isOpen = true;
  #hasArrived = false;
  #app: SimulatedProcess | undefined;

  constructor(
    servers: Servers,
    to: Destination,
    request: ServedRequest,
    callbacks: AnswerCallbacks,
    onClose: () => void,
  ) {
    this.#servers = servers;
    this.#to = to;
    this.#request = request;
    this.#callbacks = callbacks;
    this.#onClose = onClose;
    const { name, method, path, body } = request;
    const where = typeof to === "object" ? to.app : to;
    this.#there = servers.scheduler.link(`${name} >`, name);
    this.#there.send(`${name}: ${method} ${where}${path} ${body}`, () => this.#arrive());
  }

  /** The client gives up. A request that was on its way arrives now, or never; one that has arrived goes on. */
  abort(): void {
    const wasUnderWay = !this.#hasArrived;
    if (!this.#close()) return;
    const { scheduler, seed } = this.#servers;
    scheduler.log(`${this.#request.name}: the client walks away`);
    this.#there.cut();
    if (wasUnderWay && chance(seed, `${this.#request.name} arrives`) < 0.5) scheduler.soon(() => this.#arrive());
    this.#callbacks.reject(new Error("the client closed the connection"));
  }

  serverDied(): void {
    if (typeof this.#to === "string") this.#lose("ECONNRESET");
  }

  /** The connection to the front app's process breaks, or the process is gone. */
  break(): void {
    this.#lose("ECONNRESET");
  }
  died(): void {
    this.break();
  }

  #arrive(): void {
    this.#hasArrived = true;
    const { restate } = this.#servers;
    const answer = (answer: HttpAnswer) => this.#answer(answer);
    if (typeof this.#to === "object") this.#askApp(this.#to.app, answer);
    else if (!restate.isUp) this.#lose("ECONNREFUSED");
    else if (this.#to === "ingress") restate.ingress(this.#request, answer);
    else answer(restate.admin(this.#request));
  }

  #askApp(name: string, answer: (answer: HttpAnswer) => void): void {
    const process = this.#servers.endpoints.current;
    const app = process.services.apps.get(name);
    if (!app) {
      answer({ status: 404, headers: {}, body: `no app named ${name}` });
      return;
    }
    if (this.#isOpen) {
      this.#app = process;
      process.clients.add(this);
    }
    const operation = this.#request.headers[OPERATION_HEADER];
    const passedOn = operation === undefined ? {} : { [OPERATION_HEADER]: operation };
    const failed = (error: unknown) => answer({ status: 500, headers: {}, body: String(error) });
    process.enter(new ExecutionContext(process, this.#request.name, undefined, passedOn), () => {
      serve(app, this.#request).then(answer, failed);
    });
  }

  #answer(answer: HttpAnswer): void {
    if (!this.#isOpen) return;
    const { name } = this.#request;
    const label = `${name}: answer ${answer.status} ${answer.body}`;
    this.#servers.scheduler.link(`${name} <`, name).send(label, () => {
      if (this.#close()) this.#callbacks.resolve(answer);
    });
  }

  #lose(code: "ECONNRESET" | "ECONNREFUSED"): void {
    if (!this.#close()) return;
    this.#there.cut();
    this.#servers.scheduler.log(`${this.#request.name}: ${code}`);
    this.#callbacks.reject(connectionError(code));
  }

  #close(): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    this.#app?.clients.delete(this);
    this.#onClose();
    return true;
  }
}

async function serve(app: App, { method, path, headers, body }: ServedRequest): Promise<HttpAnswer> {
  const content = method !== "GET" && method !== "HEAD" && body !== "" ? { body } : {};
  const response = await app(new Request(`http://front.simulated${path}`, { method, headers, ...content }));
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

/** The error of a connection that broke, or that nobody took. */
export function connectionError(code: "ECONNRESET" | "ECONNREFUSED"): Error {
  const says = code === "ECONNRESET" ? "the connection was reset" : "the connection was refused";
  return Object.assign(new Error(`${says} (${code})`), { code });
}
