import { setTimeout as sleep } from "node:timers/promises";
import type { Dispatcher, Pool } from "undici";
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
  InvocationStatus,
  Probe,
  Stack,
} from "../stack.ts";
import { boundedRequest } from "./bounded-request.ts";
import { EndpointProxy } from "./endpoint-proxy.ts";
import { Endpoints } from "./endpoints.ts";
import { ExternalServer } from "./external-server.ts";
import { Processes } from "./processes.ts";
import { RestateServer } from "./restate-server.ts";

/** restate-server and the services as real processes of this machine. */
export class NativeStack implements Stack {
  readonly kind = "native";
  readonly capabilities: ReadonlySet<Capability> = new Set(["message-cut", "kill-endpoint", "zombie", "kill-server"]);
  readonly clock: Clock = { now: () => performance.now(), sleep: (milliseconds) => sleep(milliseconds) };
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

  private constructor() {
    this.processes = new Processes();
    this.#server = new RestateServer(this.processes);
    this.#proxy = new EndpointProxy(() => this.#endpoints!.current.url);
    this.#external = new ExternalServer(async (request) => (this.#gate ? this.#gate.external(request) : "lost"));
    this.probe = { unfinished: () => this.#unfinished(), state: (prefix) => this.#state(prefix) };
  }

  /** Starts Restate; the services come with `load`. @throws when a binary is missing or does not start */
  static async start(): Promise<NativeStack> {
    const stack = new NativeStack();
    try {
      await Promise.all([stack.#proxy.listen(), stack.#external.listen(), stack.#server.start()]);
      return stack;
    } catch (error) {
      await stack.close();
      throw error;
    }
  }

  async load(bundle: Bundle): Promise<void> {
    const previous = this.#endpoints;
    const endpoints = new Endpoints(this.processes, bundle, {
      PATH: process.env.PATH ?? "",
      NODE_ENV: "production",
      ...bundle.environment,
      INGRESS_URL: this.#server.ingressUrl,
      ...Object.fromEntries(
        Object.entries(bundle.external).map(([variable, path]) => [variable, this.#external.url + path]),
      ),
    });
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
    const { pool, path } = this.#route(to, request.path);
    const { method, headers: sent, body: content, signal } = request;
    const options = {
      method: method as Dispatcher.HttpMethod,
      path,
      headers: sent,
      ...(content !== undefined && { body: content }),
    };
    // clients can walk away; what the runner asks for itself, an output or that an invocation ends, can be asked again
    const isOwn = signal === undefined && method !== "POST";
    const answer = isOwn ? boundedRequest(pool, options) : pool.request({ ...options, ...(signal && { signal }) });
    const { statusCode, headers, body } = await answer;
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

  async forget(invocations: string[]): Promise<void> {
    this.#proxy.forget(invocations);
    const { body } = await this.#server.admin.request({
      method: "POST",
      path: "/internal/invocations_batch_operations/purge",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ invocation_ids: invocations }),
    });
    await body.dump();
  }

  async close(): Promise<void> {
    await this.#endpoints?.close().catch(() => {});
    await Promise.allSettled([this.#server.kill(), this.#proxy.close(), this.#external.close()]);
    await this.#server.close();
    await this.processes.close();
  }

  #route(to: Destination, path: string): { pool: Pool; path: string } {
    if (to === "ingress") return { pool: this.#server.ingress, path };
    if (to === "admin") return { pool: this.#server.admin, path };
    return { pool: this.#endpoints!.current.apps, path: `/${to.app}${path}` };
  }

  async #register(): Promise<void> {
    const { statusCode, body } = await this.#server.admin.request({
      method: "POST",
      path: "/deployments",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri: `http://127.0.0.1:${this.#proxy.port}`, force: true, breaking: true }),
    });
    const text = await body.text();
    if (statusCode >= 300) throw new Error(`Restate refused the services (${statusCode}): ${text}`);
    await this.#ping();
  }

  /** One answered call: after a restart, introspection tells the truth only from then on. */
  async #ping(): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
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
    throw new Error("Restate did not answer a call to the probe service");
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
      heal: once(() => {
        this.#serving = this.#server.restart().then(() => this.#ping());
        return this.#serving;
      }),
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
    );
    const due = (row: Row) => this.clock.now() + Date.parse(row.scheduled_start_at!) - Date.now();
    return rows.map((row) => ({
      id: row.id,
      service: row.target_service_name,
      handler: row.target_handler_name,
      status: row.status,
      ...(row.target_service_key !== undefined && { key: row.target_service_key }),
      ...(row.idempotency_key !== undefined && { idempotencyKey: row.idempotency_key }),
      ...(row.last_failure !== undefined && { failure: row.last_failure }),
      ...(row.status === "scheduled" && row.scheduled_start_at !== undefined && { due: due(row) }),
    }));
  }

  async #state(keyPrefix: string): Promise<Record<string, Record<string, string>>> {
    await this.#serving;
    const rows = await this.#server.query<{
      service_name: string;
      service_key: string;
      key: string;
      value_utf8: string;
    }>(`select service_name, service_key, key, value_utf8 from state where service_key like '${keyPrefix}%'`);
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
