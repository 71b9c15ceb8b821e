import { fileURLToPath } from "node:url";
import { errors, Pool } from "undici";
import type { Bundle } from "../stack.ts";
import type { ManagedProcess, Processes } from "./processes.ts";

/** How long a thawed process may take to do what it had left to do: longer than a case waits for it. */
const REST_MS = 10_000;

/** A service process that is ready to serve. */
export class Endpoint {
  readonly process: ManagedProcess;
  /** base URL of the HTTP/2 endpoint */
  readonly url: string;
  /** the HTTP server of the front apps, and of the question whether it is idle */
  readonly apps: Pool;

  constructor(process: ManagedProcess, ports: { endpoint: number; apps: number }) {
    this.process = process;
    this.url = `http://127.0.0.1:${ports.endpoint}`;
    this.apps = new Pool(`http://127.0.0.1:${ports.apps}`, { connections: 64, headersTimeout: 60_000 });
  }

  freeze(): Promise<void> {
    return this.process.signal("SIGSTOP");
  }
  thaw(): Promise<void> {
    return this.process.signal("SIGCONT");
  }
  /**
   * Lets it do what it has left to do, and ends it: settles once it has had no request of its own in flight for a while.
   * @throws when it is still at work after `REST_MS`; it is ended all the same
   */
  async rest(): Promise<void> {
    try {
      const { body } = await this.apps.request({ method: "GET", path: "/stormproof/idle", headersTimeout: REST_MS });
      await body.dump();
    } catch (error) {
      // one that has ended meanwhile has nothing left to do
      if (this.process.alive && error instanceof errors.HeadersTimeoutError)
        throw new Error(`it has thawed, and still has requests in flight after ${REST_MS} ms`);
    } finally {
      await this.kill();
    }
  }
  async kill(): Promise<void> {
    await this.process.kill();
    await this.apps.destroy();
  }
}

/** The processes that serve one bundle: one at work, and a warm spare that takes over in a moment. */
export class Endpoints {
  readonly #processes: Processes;
  readonly #bundle: Bundle;
  readonly #environment: Record<string, string>;
  #current!: Endpoint;
  #spare!: Promise<Endpoint>;

  constructor(processes: Processes, bundle: Bundle, environment: Record<string, string>) {
    this.#processes = processes;
    this.#bundle = bundle;
    this.#environment = environment;
  }

  get current(): Endpoint {
    return this.#current;
  }

  async start(): Promise<void> {
    this.#current = await this.#spawn();
    this.#warmUp();
  }

  /** Puts the spare to work, warms up another, and returns the one that was at work. */
  async failOver(): Promise<Endpoint> {
    const previous = this.#current;
    this.#current = await this.#spare;
    this.#warmUp();
    return previous;
  }

  async close(): Promise<void> {
    const spare = await this.#spare.catch(() => undefined);
    await Promise.all([this.#current.kill(), spare?.kill()]);
  }

  #warmUp(): void {
    this.#spare = this.#spawn();
    // whoever fails over hears of it
    this.#spare.catch(() => {});
  }

  async #spawn(): Promise<Endpoint> {
    const ready = Promise.withResolvers<{ endpoint: number; apps: number }>();
    const script = fileURLToPath(new URL("endpoint.ts", import.meta.url));
    const running = await this.#processes.spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", script, this.#bundle.file, ...this.#bundle.patterns],
      {
        env: this.#environment,
        log: "endpoint.log",
        onLine: (line) => line.startsWith("{") && ready.resolve(JSON.parse(line)),
      },
    );
    const ports = await Promise.race([ready.promise, running.ended]);
    if (typeof ports === "string")
      throw new Error(
        `the service process ended before it was ready (${ports}): ${this.#processes.tail("endpoint.log")}`,
      );
    return new Endpoint(running, ports);
  }
}
