import path from "node:path";
import { catalog } from "../../src/catalog.ts";
import { externalSetting } from "../../src/shared/configuration.ts";
import { overHttp } from "../case/index.ts";
import type { Request } from "../plan/index.ts";
import type { Property } from "../property/index.ts";
import { projectRoot } from "../stack/index.ts";
import { Processes, RestateServer, TUNING } from "../stack/native/index.ts";
import { systemsWith, type Webhook } from "../world/index.ts";
import { ExternalWorld } from "./external-world.ts";

/** Where the parts listen, at 127.0.0.1. */
export interface Ports {
  /** Restate's ingress */
  ingress: number;
  /** Restate's admin API, and its UI */
  admin: number;
  services: number;
  /** the front apps of the patterns */
  apps: number;
  /** the external systems, and their page */
  external: number;
}
export const PORTS: Ports = { ingress: 8080, admin: 9070, services: 9080, apps: 5050, external: 5070 };

/** For people: with Restate's UI, and with the pauses between attempts that somebody can watch. */
const SETTINGS = {
  ...TUNING,
  "admin.disable-web-ui": "false",
  "default-retry-policy.initial-interval": "100ms",
  "default-retry-policy.exponentiation-factor": "2.0",
  "default-retry-policy.max-interval": "5s",
};
const STARTED = /^Restate services on port/;
const START_MS = 20_000;

/** Restate, the services of some patterns and their external systems, on this machine, to be played with. */
export class Play {
  readonly patterns: readonly string[];
  readonly ports: Ports;
  readonly #processes = new Processes();
  readonly #server: RestateServer;
  readonly #external: ExternalWorld;
  /** names of the external systems that the patterns call */
  readonly #systems: readonly string[];
  /** how webhooks are delivered, by system */
  readonly #deliveries: readonly Property[];

  private constructor(patterns: readonly string[], ports: Ports, properties: readonly Property[]) {
    this.patterns = patterns;
    this.ports = ports;
    this.#server = new RestateServer(this.#processes, () => {}, SETTINGS, ports);
    const played = properties.filter(({ pattern }) => patterns.includes(pattern));
    this.#deliveries = played.filter(({ delivery }) => delivery !== undefined);
    const own = new Map(played.flatMap(({ systems }) => systems.map((system) => [system.name, system] as const)));
    this.#systems = [...new Set(patterns.flatMap((name) => catalog[name]?.external ?? []))].sort();
    this.#external = new ExternalWorld(systemsWith([...own.values()]), this.#systems, (webhook) =>
      this.#deliver(webhook),
    );
  }

  /**
   * Starts everything.
   * @param patterns names of patterns of the catalog; all when there is none
   * @param properties those that say which external systems there are, and how webhooks are delivered
   * @throws when there is no such pattern, a port is taken, or a part does not start; then nothing is left running
   */
  static async start(
    patterns: readonly string[],
    properties: readonly Property[],
    ports: Ports = PORTS,
  ): Promise<Play> {
    const all = Object.keys(catalog);
    const unknown = patterns.find((name) => !all.includes(name));
    if (unknown !== undefined) throw new Error(`there is no pattern "${unknown}"; there are ${all.join(", ")}`);
    const play = new Play(patterns.length > 0 ? patterns : all, ports, properties);
    try {
      await play.#start();
      return play;
    } catch (error) {
      await play.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    await this.#external.listen(this.ports.external);
    await Promise.all([this.#server.start(), this.#serve()]);
    await this.#server.register(`http://127.0.0.1:${this.ports.services}`);
  }

  /** The services, as `npm run serve` serves them. */
  async #serve(): Promise<void> {
    const { ingress, services, apps, external } = this.ports;
    const ready = Promise.withResolvers<void>();
    const serving = await this.#processes.spawn(
      process.execPath,
      [path.join(projectRoot, "src", "serve.ts"), ...this.patterns],
      {
        name: "services",
        env: {
          PATH: process.env.PATH ?? "",
          HOST: "127.0.0.1",
          PORT: String(services),
          APP_PORT: String(apps),
          INGRESS_URL: `http://127.0.0.1:${ingress}`,
          ...Object.fromEntries(
            this.#systems.map((name) => [externalSetting(name), `http://127.0.0.1:${external}/${name}`]),
          ),
        },
        onLine(line) {
          if (STARTED.test(line)) ready.resolve();
          return false;
        },
      },
    );
    const late = AbortSignal.timeout(START_MS);
    late.addEventListener("abort", () => ready.reject(new Error(`the services did not start within ${START_MS} ms`)));
    void serving.ended.then(({ how, output }) => ready.reject(new Error(`the services ended: ${how}\n${output}`)));
    await ready.promise;
  }

  /** A webhook goes the way that the property of a pattern says. Where there is none, nobody listens. */
  async #deliver(webhook: Webhook): Promise<boolean> {
    const answers = this.#deliveries.map(async ({ kinds, delivery = "", pattern }) => {
      const request = kinds.get(delivery)?.request({ ...webhook }, undefined, { now: Date.now(), webhooks: [] });
      return request === undefined || (await this.#ask(request, pattern));
    });
    return (await Promise.all(answers)).every((isAccepted) => isAccepted);
  }

  async #ask(asked: Request, pattern: string): Promise<boolean> {
    const { to, request } = overHttp(asked, pattern);
    const port = to === "ingress" ? this.ports.ingress : this.ports.apps;
    const { method, headers, body = null } = request;
    const response = await fetch(`http://127.0.0.1:${port}${request.path}`, { method, headers, body });
    return response.ok;
  }

  /** curl lines that try a pattern out. */
  examples(pattern: string): string[] {
    const { ingress, apps } = this.ports;
    return (catalog[pattern]?.examples ?? []).map((line) =>
      line
        .replaceAll(`localhost:${PORTS.ingress}`, `localhost:${ingress}`)
        .replaceAll(`localhost:${PORTS.apps}`, `localhost:${apps}`),
    );
  }

  /** Ends everything. Idempotent. */
  async close(): Promise<void> {
    await this.#server.kill();
    await Promise.all([this.#server.close(), this.#external.close(), this.#processes.close()]);
  }
}
