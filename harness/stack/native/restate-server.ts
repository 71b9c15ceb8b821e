import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type Dispatcher, Pool, request } from "undici";
import { type BoundedAnswer, boundedRequest } from "./bounded-request.ts";
import type { Ending, ManagedProcess } from "./managed-process.ts";
import { freePort } from "./ports.ts";
import type { Processes } from "./processes.ts";

/**
 * What a storm needs of the server: quick start (one partition, short ticks), quick and unlimited retries (with a limit,
 * the default is to pause the invocation for ever), no telemetry. Keys as in its configuration file.
 */
export const TUNING: Readonly<Record<string, string>> = {
  "default-num-partitions": "1",
  "listen-mode": "tcp",
  "disable-telemetry": "true",
  "rocksdb-total-memory-size": "256.0 MiB",
  "gossip-tick-interval": "20ms",
  "shutdown-timeout": "1s",
  "log-filter": "warn",
  "log-disable-ansi-codes": "true",
  "default-retry-policy.initial-interval": "1ms",
  "default-retry-policy.exponentiation-factor": "1.0",
  "default-retry-policy.max-interval": "10ms",
  "default-retry-policy.max-attempts": "unlimited",
  "metadata-server.raft-tick-interval": "10ms",
  "admin.heartbeat-interval": "100ms",
  "admin.disable-web-ui": "true",
  "admin.query-engine.memory-size": "64.0 MiB",
  "worker.invoker.memory-limit": "128.0 MiB",
  "log-server.rocksdb-disable-wal-fsync": "true",
};

/** How long a start may take, in milliseconds. */
const START_MS = 30_000;
/** How long one question whether it serves may go without an answer. */
const HEALTH_MS = 1_000;
/** How long a restart is tried again. */
const RESTART_MS = 5_000;
/** How long its binary may take to say how it understood its settings. */
const SETTINGS_MS = 20_000;
/** A connection breaks a moment before the end of its server is known. */
const NEWS_MS = 200;

/** The path of the server's binary for this platform. @throws when its package is not installed */
export function serverBinary(): string {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return path.join(path.dirname(manifest), "bin", "restate-server");
  } catch {
    throw new Error(
      `the Restate server for this platform is missing: the package ${name} is not installed. ` +
        "Run `npm ci` without --omit=optional on a platform that Restate supports (Linux or macOS, x64 or arm64), " +
        "or simulate with STACK=simulated.",
    );
  }
}

/** A restate-server process with its data in the stack's folder; it keeps its ports over restarts. */
export class RestateServer {
  readonly #processes: Processes;
  readonly #tuning: Readonly<Record<string, string>>;
  readonly #onDeath: (ending: Ending) => void;
  readonly #binary: string;
  readonly #fixed: { ingress?: number; admin?: number };
  #process: ManagedProcess | undefined;
  #restarting: Promise<void> | undefined;
  #ports = { ingress: 0, admin: 0, node: 0 };
  #ingress!: Pool;
  #admin!: Pool;

  /**
   * @param onDeath called when a server that was healthy has ended, whoever ended it
   * @param fixed ports that it must have; free ones where nothing is said
   * @throws when its package is not installed
   */
  constructor(
    processes: Processes,
    onDeath: (ending: Ending) => void = () => {},
    tuning: Readonly<Record<string, string>> = TUNING,
    fixed: { ingress?: number; admin?: number } = {},
  ) {
    this.#fixed = fixed;
    this.#onDeath = onDeath;
    this.#binary = serverBinary();
    this.#processes = processes;
    this.#tuning = tuning;
  }

  get ingressUrl(): string {
    return `http://127.0.0.1:${this.#ports.ingress}`;
  }
  get adminUrl(): string {
    return `http://127.0.0.1:${this.#ports.admin}`;
  }
  get ingress(): Pool {
    return this.#ingress;
  }
  get admin(): Pool {
    return this.#admin;
  }

  /** Starts it for the first time. @throws when it does not know a setting, or does not serve within 30 seconds */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#ports = { ingress: await freePort(), admin: await freePort(), node: await freePort(), ...this.#fixed };
      if (attempt === 1) await this.#assertTuning();
      try {
        await this.#launch();
        break;
      } catch (error) {
        // another process may have taken a port in between
        if (attempt === 5) throw error;
      }
    }
    const pool = { connections: 64, headersTimeout: 60_000, bodyTimeout: 60_000, keepAliveTimeout: 30_000 };
    this.#ingress = new Pool(this.ingressUrl, pool);
    this.#admin = new Pool(this.adminUrl, pool);
    await this.#serving();
  }

  /** SIGKILL; settles when it is dead. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /**
   * Starts it again on its data and its ports; one that runs is left alone. The system may let go of a dead server's ports
   * a moment after its end, so a start that fails is tried again for a while.
   * @throws when it does not serve in the end
   */
  restart(): Promise<void> {
    this.#restarting ??= this.#restart().finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  async #restart(): Promise<void> {
    if (this.#process?.alive) return this.#serving();
    for (const deadline = performance.now() + RESTART_MS; ; await sleep(100)) {
      try {
        await this.#launch();
        return await this.#serving();
      } catch (error) {
        if (performance.now() > deadline) throw error;
        // one that runs and does not serve would keep the data and the ports from the next
        await this.kill();
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#ingress?.destroy(), this.#admin?.destroy()]);
  }

  /**
   * A request of the runner itself, which changes nothing by being made twice.
   * @param purpose what is requested, for the error: "for the state"
   * @throws an error that names the purpose; when the server ended meanwhile, also how, with the last lines of its log
   */
  async request(
    door: "ingress" | "admin",
    options: Dispatcher.RequestOptions,
    purpose: string,
  ): Promise<BoundedAnswer> {
    const asked = this.#process;
    try {
      return await boundedRequest(door === "ingress" ? this.#ingress : this.#admin, options, purpose);
    } catch (error) {
      const ending = await Promise.race([asked?.ended, sleep(NEWS_MS)]);
      if (!ending) throw error;
      throw new Error(`restate-server ended while it was asked ${purpose}: ${ending.how}\n${ending.output}`.trim(), {
        cause: error,
      });
    }
  }

  /** Makes the services known that are served at an address, in the place of those that were. @throws when it refuses them */
  async register(uri: string): Promise<void> {
    const request = {
      method: "POST",
      path: "/deployments",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri, force: true, breaking: true }),
    } as const;
    const { status, text } = await this.request("admin", request, "to register the services");
    if (status >= 300) throw new Error(`Restate refused the services (${status}): ${text}`);
  }

  /**
   * Rows of a query over Restate's introspection tables.
   * @param purpose what is queried, for the error
   * @throws on an answer other than 200, and as `request` does
   */
  async query<Row>(sql: string, purpose: string): Promise<Row[]> {
    const { status, text } = await this.request(
      "admin",
      {
        method: "POST",
        path: "/query",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify({ query: sql }),
      },
      purpose,
    );
    if (status !== 200) throw new Error(`restate-server was asked ${purpose}: status ${status}: ${text}`);
    return (JSON.parse(text) as { rows: Row[] }).rows;
  }

  #environment(): Record<string, string> {
    const settings = {
      ...this.#tuning,
      "base-dir": path.join(this.#processes.folder, "restate"),
      "node-name": "storm",
      "cluster-name": "storm",
      "bind-address": `127.0.0.1:${this.#ports.node}`,
      "advertised-address": `http://127.0.0.1:${this.#ports.node}/`,
      "ingress.bind-address": `127.0.0.1:${this.#ports.ingress}`,
      "admin.bind-address": `127.0.0.1:${this.#ports.admin}`,
    };
    const variable = (key: string): string => `RESTATE_${key.toUpperCase().replaceAll(".", "__").replaceAll("-", "_")}`;
    return {
      PATH: process.env.PATH ?? "",
      // it makes folders there and leaves them behind when it is killed
      TMPDIR: this.#processes.folder,
      ...Object.fromEntries(
        Object.entries(settings).map(([key, value]) => [variable(key), value.replace(".0 MiB", "MiB")]),
      ),
    };
  }

  /** The server ignores settings that it does not know without a word, so it is asked what it understood. */
  async #assertTuning(): Promise<void> {
    const { stdout } = await promisify(execFile)(this.#binary, ["--dump-config"], {
      env: this.#environment(),
      timeout: SETTINGS_MS,
      killSignal: "SIGKILL",
    });
    const understood = parseFlatToml(stdout);
    for (const [key, value] of Object.entries(this.#tuning)) {
      if (understood.get(key) !== value)
        throw new Error(`restate-server did not take the setting ${key} = ${value}: it has ${understood.get(key)}`);
    }
  }

  async #launch(): Promise<void> {
    const running = await this.#processes.spawn(this.#binary, ["--no-logo"], {
      env: this.#environment(),
      name: "restate",
    });
    this.#process = running;
    const health = `http://127.0.0.1:${this.#ports.admin}/health`;
    await this.#until(running, "healthy", () => isOk(request(health, HEALTH)));
    void running.ended.then(this.#onDeath);
  }

  async #serving(): Promise<void> {
    if (!this.#process) throw new Error("restate-server was never started");
    await this.#until(this.#process, "serving", () =>
      isOk(this.#ingress.request({ method: "GET", path: "/restate/health", ...HEALTH })),
    );
  }

  /** @throws when the server ends before that, or has not come so far within its bound: then it is ended */
  async #until(running: ManagedProcess, what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const deadline = performance.now() + START_MS; performance.now() < deadline; await sleep(5)) {
      if (await holds()) return;
      if (running.alive) continue;
      const { how, output } = await running.ended;
      throw new Error(`restate-server ended before it was ${what}: ${how}\n${output}`.trim());
    }
    const output = running.output();
    await running.kill();
    throw new Error(`restate-server was not ${what} within ${START_MS} ms\n${output}`.trim());
  }
}

const HEALTH = { headersTimeout: HEALTH_MS, bodyTimeout: HEALTH_MS };

const isOk = (asked: Promise<Dispatcher.ResponseData>): Promise<boolean> =>
  asked.then(
    async ({ statusCode, body }) => {
      await body.dump();
      return statusCode === 200;
    },
    () => false,
  );

function parseFlatToml(text: string): Map<string, string> {
  const values = new Map<string, string>();
  let section = "";
  for (const line of text.split("\n")) {
    const header = /^\[([^[\]]+)\]$/.exec(line);
    if (header) section = `${header[1]}.`;
    const pair = /^([\w-]+) = (.+)$/.exec(line);
    if (pair) values.set(section + pair[1], pair[2]!.replace(/^"(.*)"$/, "$1"));
  }
  return values;
}
