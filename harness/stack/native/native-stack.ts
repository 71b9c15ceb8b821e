import { setTimeout as sleep } from "node:timers/promises";
import type { Dispatcher, Pool } from "undici";
import type {
  Bundle,
  Capability,
  ClientAnswer,
  ClientRequest,
  Clock,
  Death,
  Destination,
  Gate,
  Injected,
  Injection,
  InvocationStatus,
  Probe,
  Stack,
} from "../stack.ts";
import { EndpointProxy } from "./endpoint-proxy.ts";
import { Endpoints } from "./endpoints.ts";
import { ExternalServer } from "./external-server.ts";
import type { Ending } from "./managed-process.ts";
import { Processes } from "./processes.ts";
import { RestateServer } from "./restate-server.ts";

/** How long Restate may take to answer a first call once it serves, in milliseconds. */
const PING_MS = 20_000;

/** restate-server and the services as real processes of this machine. */
export class NativeStack implements Stack {
  readonly kind = "native";
  readonly capabilities: ReadonlySet<Capability> = new Set(["message-cut", "kill-endpoint", "zombie", "kill-server"]);
  readonly clock: Clock = {
    now: () => performance.timeOrigin + performance.now(),
    sleep: (milliseconds) => sleep(milliseconds),
  };
  readonly probe: Probe;
  readonly processes: Processes;
  readonly #server: RestateServer;
  readonly #proxy: EndpointProxy;
  readonly #external: ExternalServer;
  #endpoints: Endpoints | undefined;
  #gate: Gate | undefined;
  /** settles when Restate serves; a restart is under way until then */
  #serving: Promise<void> = Promise.resolve();
  #injecting: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<(death: Death) => void>();
  #started = false;
  #closing = false;

  private constructor() {
    this.processes = new Processes((ending) => this.#reaperDied(ending));
    this.#server = new RestateServer(this.processes, (ending) => this.#serverDied(ending));
    this.#proxy = new EndpointProxy(() => this.#endpoints!.current.url);
    this.#external = new ExternalServer(async (request) => (this.#gate ? this.#gate.external(request) : "lost"));
    this.probe = { unfinished: () => this.#unfinished(), state: (prefix) => this.#state(prefix) };
  }

  /** Starts Restate; the services come with `load`. @throws when a binary is missing or does not start */
  static async start(): Promise<NativeStack> {
    const stack = new NativeStack();
    try {
      await Promise.all([stack.#proxy.listen(), stack.#external.listen(), stack.#server.start()]);
      stack.#started = true;
      return stack;
    } catch (error) {
      await stack.close();
      throw error;
    }
  }

  async load(bundle: Bundle): Promise<void> {
    const previous = this.#endpoints;
    const environment = {
      PATH: process.env.PATH ?? "",
      NODE_ENV: "production",
      ...bundle.environment,
      INGRESS_URL: this.#server.ingressUrl,
      ...Object.fromEntries(
        Object.entries(bundle.external).map(([variable, path]) => [variable, this.#external.url + path]),
      ),
    };
    const endpoints = new Endpoints(this.processes, bundle, environment, (ending) =>
      this.#notify("service process", ending),
    );
    await endpoints.start();
    this.#endpoints = endpoints;
    this.#proxy.cutAll();
    await this.#register();
    await previous?.close();
  }

  guard(gate: Gate): void {
    this.#gate = gate;
    this.#proxy.gate = gate;
  }

  run<T>(main: () => Promise<T>): Promise<T> {
    return main();
  }

  async fetch(to: Destination, request: ClientRequest): Promise<ClientAnswer> {
    // what a client asks Restate is handed to the network at once
    const { pool, path } = typeof to === "string" ? this.#door(to, request.path) : await this.#app(to, request.path);
    const { method, headers: sent, body: content, signal } = request;
    const options = {
      method: method as Dispatcher.HttpMethod,
      path,
      headers: sent,
      ...(content !== undefined && { body: content }),
    };
    // clients can walk away; what the runner asks for itself, an output or that an invocation ends, can be asked again
    if (signal === undefined && method !== "POST" && typeof to === "string") {
      await this.#serving;
      const { status, headers, text } = await this.#server.request(to, options, `${method} ${path}`);
      return { status, headers, body: text };
    }
    const { statusCode, headers, body } = await pool.request({ ...options, ...(signal && { signal }) });
    const text = await body.text();
    return { status: statusCode, headers: headers as Record<string, string>, body: text };
  }

  inject(injection: Injection): Promise<Injected> {
    // one at a time: a second failure finds the stack as the first one left it
    const injected = this.#injecting.then(() => this.#inject(injection));
    this.#injecting = injected.catch(() => {});
    return injected;
  }

  async #inject(injection: Injection): Promise<Injected> {
    switch (injection.kind) {
      case "kill-endpoint":
        return this.#killEndpoint();
      case "zombie":
        return this.#zombie();
      case "kill-server":
        return this.#killServer();
    }
  }

  onDeath(listener: (death: Death) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #notify(part: Death["part"], ending: Ending): void {
    const expected = ending.expected || this.#closing;
    for (const listener of this.#listeners) listener({ part, ...ending, expected });
  }

  #serverDied(ending: Ending): void {
    this.#notify("restate-server", ending);
    if (ending.expected || this.#closing || !this.#started) return;
    this.#serve(this.#server.restart());
  }

  /** With the reaper, all processes are gone. */
  #reaperDied(ending: Ending): void {
    this.#notify("reaper", ending);
    if (this.#closing || !this.#started) return;
    this.#serve(Promise.all([this.#server.restart(), this.#endpoints?.start()]));
  }

  /** @param ready when it settles, Restate is to answer calls; until it does, nobody asks it anything */
  #serve(ready: Promise<unknown>): Promise<void> {
    this.#serving = ready.then(() => (this.#endpoints ? this.#ping() : undefined));
    // whoever asks next hears of it
    this.#serving.catch(() => {});
    return this.#serving;
  }

  async forget(invocations: string[]): Promise<void> {
    this.#proxy.forget(invocations);
    await this.#serving;
    const request = {
      method: "POST",
      path: "/internal/invocations_batch_operations/purge",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ invocation_ids: invocations }),
    } as const;
    await this.#server.request("admin", request, `to forget ${invocations.length} invocations`);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#endpoints?.close().catch(() => {});
    await Promise.allSettled([this.#server.kill(), this.#proxy.close(), this.#external.close()]);
    await this.#server.close();
    await this.processes.close();
  }

  #door(door: "ingress" | "admin", path: string): { pool: Pool; path: string } {
    return { pool: door === "ingress" ? this.#server.ingress : this.#server.admin, path };
  }

  async #app({ app }: { app: string }, path: string): Promise<{ pool: Pool; path: string }> {
    if (!this.#endpoints) throw new Error("no services are loaded");
    return { pool: (await this.#endpoints.atWork()).apps, path: `/${app}${path}` };
  }

  async #register(): Promise<void> {
    await this.#serving;
    await this.#server.register(`http://127.0.0.1:${this.#proxy.port}`);
    await this.#ping();
  }

  /** One answered call: after a restart, introspection tells the truth only from then on. */
  async #ping(): Promise<void> {
    for (const deadline = performance.now() + PING_MS; performance.now() < deadline; ) {
      const status = await this.#server.ingress
        .request({ method: "POST", path: "/stormproofProbe/ping", headersTimeout: 5_000 })
        .then(
          async ({ statusCode, body }) => {
            await body.dump();
            return statusCode;
          },
          () => 0,
        );
      if (status === 200) return;
      await sleep(10);
    }
    throw new Error(`Restate did not answer a call to the probe service within ${PING_MS} ms`);
  }

  async #killEndpoint(): Promise<Injected> {
    const dead = await this.#endpoints!.failOver();
    await dead.kill();
    return { heal: async () => {} };
  }

  async #zombie(): Promise<Injected> {
    const frozen = this.#endpoints!.current;
    await frozen.freeze();
    await this.#endpoints!.failOver();
    this.#proxy.cutAll();
    const rest = Promise.withResolvers<void>();
    rest.promise.catch(() => {}); // whoever waits for it hears of it
    return {
      heal: once(async () => {
        await frozen.thaw();
        rest.resolve(frozen.rest());
      }),
      rested: () => rest.promise,
    };
  }

  async #killServer(): Promise<Injected> {
    await this.#serving;
    await this.#server.kill();
    return {
      heal: once(() => this.#serve(this.#server.restart())),
    };
  }

  async #unfinished(): Promise<InvocationStatus[]> {
    await this.#serving;
    // absent where there is nothing to say
    interface Row {
      id: string;
      target_service_name: string;
      target_service_key?: string;
      target_handler_name: string;
      idempotency_key?: string;
      status: InvocationStatus["status"];
      last_failure?: string;
      scheduled_start_at?: string;
    }
    const rows = await this.#server.query<Row>(
      "select id, target_service_name, target_service_key, target_handler_name, idempotency_key, status, last_failure, " +
        // the server fills in scheduled_start_at only for a query that asks for scheduled_at too (seen in 1.7.12)
        "scheduled_at, scheduled_start_at from sys_invocation where status != 'completed'",
      "for what is unfinished",
    );
    return rows.map((row) => ({
      id: row.id,
      service: row.target_service_name,
      handler: row.target_handler_name,
      status: row.status,
      ...(row.target_service_key !== undefined && { key: row.target_service_key }),
      ...(row.idempotency_key !== undefined && { idempotencyKey: row.idempotency_key }),
      ...(row.last_failure !== undefined && { failure: row.last_failure }),
      ...(row.status === "scheduled" &&
        row.scheduled_start_at !== undefined && {
          due: Date.parse(row.scheduled_start_at),
        }),
    }));
  }

  async #state(keyPrefix: string): Promise<Record<string, Record<string, string>>> {
    await this.#serving;
    const rows = await this.#server.query<{
      service_name: string;
      service_key: string;
      key: string;
      value_utf8: string;
    }>(
      `select service_name, service_key, key, value_utf8 from state where service_key like '${keyPrefix}%'`,
      "for the state",
    );
    const state: Record<string, Record<string, string>> = {};
    for (const { service_name, service_key, key, value_utf8 } of rows) {
      const object = `${service_name}/${service_key}`;
      state[object] = { ...state[object], [key]: value_utf8 };
    }
    return state;
  }
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return async () => {
    done ??= action();
    await done;
  };
}
