import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { errors, Pool } from "undici";
import type { Bundle } from "../stack.ts";
import { READY } from "./endpoint-ready.ts";
import type { Ending, ManagedProcess } from "./managed-process.ts";
import type { Processes } from "./processes.ts";

/** How long a process may take to get ready. */
const START_MS = 30_000;
/** How long to wait before a process is started again that did not get ready. */
const RETRY_MS = 1_000;
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

/**
 * The processes that serve one bundle: one at work, and a warm spare that takes over in a moment. One that ends by itself
 * is replaced.
 */
export class Endpoints {
  readonly #processes: Processes;
  readonly #bundle: Bundle;
  readonly #environment: Record<string, string>;
  readonly #onDeath: (ending: Ending) => void;
  #current!: Endpoint;
  #spare!: Promise<Endpoint>;
  /** settles when the latest change of the one at work is over */
  #switching: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param onDeath called when a process has ended, whoever ended it, or when none can take its place */
  constructor(
    processes: Processes,
    bundle: Bundle,
    environment: Record<string, string>,
    onDeath: (ending: Ending) => void,
  ) {
    this.#processes = processes;
    this.#bundle = bundle;
    this.#environment = environment;
    this.#onDeath = onDeath;
  }

  get current(): Endpoint {
    return this.#current;
  }

  /** The one at work, once a change that is under way is over. */
  async atWork(): Promise<Endpoint> {
    await this.#switching;
    return this.#current;
  }

  /** To be called again when all processes have been lost at once. @throws when no process gets ready */
  async start(): Promise<void> {
    await this.#switch(async () => {
      this.#current = await this.#spawn();
      this.#warmUp();
    });
  }

  /** Puts the spare to work, warms up another, and returns the one that was at work. */
  async failOver(): Promise<Endpoint> {
    return this.#switch(async () => {
      const previous = this.#current;
      const spare = await this.#spare.catch(() => undefined);
      this.#current = spare?.process.alive ? spare : await this.#spawn();
      this.#warmUp();
      return previous;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const spare = await this.#spare.catch(() => undefined);
    await Promise.all([this.#current.kill(), spare?.kill()]);
  }

  /** One change after the other: each finds the process at work that the last one left. */
  #switch<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#switching.then(change);
    this.#switching = changed.catch(() => {});
    return changed;
  }

  #warmUp(): void {
    this.#spare = this.#spawn();
    // whoever fails over tries again, and hears of it
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
        name: "endpoint",
        onLine: (line) => {
          const isFirst = line.startsWith(READY);
          if (isFirst) ready.resolve(JSON.parse(line.slice(READY.length)));
          return isFirst;
        },
      },
    );
    void running.ended.then(this.#onDeath);
    const late = new AbortController();
    const ports = await Promise.race([
      ready.promise,
      running.ended,
      sleep(START_MS, undefined, { signal: late.signal }).catch(() => {}),
    ]).finally(() => late.abort());
    if (!ports || "how" in ports) {
      const how = ports?.how ?? `it took longer than ${START_MS} ms`;
      const output = ports?.output ?? running.output();
      await running.kill();
      throw new Error(`the service process ended before it was ready (${how}): ${output}`);
    }
    const endpoint = new Endpoint(running, ports);
    void running.ended.then(({ expected }) => (expected ? undefined : this.#died(endpoint)));
    return endpoint;
  }

  /** One that was ready has ended by itself. One that ends before is not replaced until there is need of it. */
  async #died(endpoint: Endpoint): Promise<void> {
    await this.#switching;
    if (this.#closed) return;
    if (endpoint === this.#current) await this.#replace(endpoint);
    else if (endpoint === (await this.#spare.catch(() => undefined))) this.#warmUp();
  }

  /** Tries for as long as it takes: until then the services are down, as they would be anywhere. */
  async #replace(dead: Endpoint): Promise<void> {
    for (; !this.#closed && this.#current === dead; await sleep(RETRY_MS)) {
      try {
        await this.failOver();
        await dead.apps.destroy();
        return;
      } catch (error) {
        this.#onDeath({ how: "no other took its place", expected: false, output: (error as Error).message });
      }
    }
  }
}
