import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Pool } from "undici";
import { boundedRequest } from "./bounded-request.ts";
import { freePort } from "./ports.ts";
import type { ManagedProcess, Processes } from "./processes.ts";

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

const LOG = "restate.log";
const RESTART_MS = 5_000;

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
  readonly #binary: string;
  #process: ManagedProcess | undefined;
  #ports = { ingress: 0, admin: 0, node: 0 };
  #ingress!: Pool;
  #admin!: Pool;

  /** @throws when its package is not installed */
  constructor(processes: Processes, tuning: Readonly<Record<string, string>> = TUNING) {
    this.#binary = serverBinary();
    this.#processes = processes;
    this.#tuning = tuning;
  }

  get ingressUrl(): string {
    return `http://127.0.0.1:${this.#ports.ingress}`;
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
      this.#ports = { ingress: await freePort(), admin: await freePort(), node: await freePort() };
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
    this.#admin = new Pool(`http://127.0.0.1:${this.#ports.admin}`, pool);
    await this.#serving();
  }

  /** SIGKILL; settles when it is dead. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /**
   * Starts it again on its data and its ports. The system may let go of a dead server's ports a moment after its end, so
   * a start that fails is tried again for a while.
   */
  async restart(): Promise<void> {
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

  /** Rows of a query over Restate's introspection tables. @throws on an answer other than 200 */
  async query<Row>(sql: string): Promise<Row[]> {
    const { statusCode, body } = await boundedRequest(this.#admin, {
      method: "POST",
      path: "/query",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ query: sql }),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`introspection query answered ${statusCode}: ${text}`);
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
    const { stdout } = await promisify(execFile)(this.#binary, ["--dump-config"], { env: this.#environment() });
    const understood = parseFlatToml(stdout);
    for (const [key, value] of Object.entries(this.#tuning)) {
      if (understood.get(key) !== value)
        throw new Error(`restate-server did not take the setting ${key} = ${value}: it has ${understood.get(key)}`);
    }
  }

  async #launch(): Promise<void> {
    const running = await this.#processes.spawn(this.#binary, ["--no-logo"], {
      env: this.#environment(),
      log: LOG,
    });
    this.#process = running;
    const health = `http://127.0.0.1:${this.#ports.admin}/health`;
    for (let waited = 0; waited < 30_000; waited += 5) {
      if (!running.alive)
        throw new Error(`restate-server ended at its start (${await running.ended}): ${this.#processes.tail(LOG)}`);
      if (
        await fetch(health).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return;
      await sleep(5);
    }
    await running.kill();
    throw new Error("restate-server was not healthy within 30 seconds");
  }

  async #serving(): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (performance.now() < deadline) {
      const ready = await this.#ingress.request({ method: "GET", path: "/restate/health" }).then(
        async ({ statusCode, body }) => {
          await body.dump();
          return statusCode === 200;
        },
        () => false,
      );
      if (ready) return;
      await sleep(5);
    }
    throw new Error("the ingress of restate-server did not serve within 30 seconds");
  }
}

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
