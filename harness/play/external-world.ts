import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { ExternalTraffic } from "../case/index.ts";
import type { LedgerEvent } from "../history/index.ts";
import type { Moment } from "../plan/index.ts";
import type { ExternalSystem, LedgerEntry, Webhook } from "../world/index.ts";
import { World } from "../world/index.ts";
import { page } from "./page.ts";

/** How a system behaves, as somebody chose on the page. */
export const BEHAVIOURS = {
  works: "works",
  fails: "answers 503 and does nothing",
  stalls: "does nothing until it works again",
  "loses answers": "does it, and breaks the connection",
} as const;
export type Behaviour = keyof typeof BEHAVIOURS;

/** A line of the ledger, with the time: milliseconds since 1970. */
export type LedgerLine = LedgerEntry & Pick<LedgerEvent, "at">;

/**
 * The external systems behind one door, for people: `/<system>/...` is the system's own API, `/` a page that shows the ledger
 * as it grows, and lets each system fail, stall or lose its answers. `GET /ledger` is the ledger as JSON lines, live;
 * `PUT /behaviours/<system>` with the name of a behaviour sets one.
 */
export class ExternalWorld {
  readonly #names: readonly string[];
  readonly #server: Server;
  readonly #traffic: ExternalTraffic;
  readonly #ledger: LedgerLine[] = [];
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #readers = new Set<ServerResponse>();
  /** those that wait for a system to behave otherwise */
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();

  /**
   * @param shown names of the systems that the page shows
   * @param deliver how a webhook reaches the services; answers whether it was accepted
   */
  constructor(
    systems: readonly ExternalSystem[],
    shown: readonly string[],
    deliver: (webhook: Webhook) => Promise<boolean>,
  ) {
    this.#names = shown;
    this.#traffic = new ExternalTraffic({
      world: new World(systems),
      clock: { now: () => Date.now(), sleep: (milliseconds) => sleep(milliseconds, undefined, { ref: false }) },
      moment: (moment, detail) => this.#moment(moment, detail),
      record: (entry) => this.#record({ ...entry, at: Date.now() }),
      deliver: async (webhook) => ((await deliver(webhook).catch(() => false)) ? "ok" : "info"),
    });
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** @throws when the port is taken */
  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
  }

  close(): Promise<void> {
    this.#traffic.end();
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #moment({ at, when }: Moment, detail: string) {
    const system = /^\S+ \/([^/?]+)/.exec(detail)?.[1] ?? "";
    const behaviour = at === "effect" ? this.#behaviours.get(system) : undefined;
    if (when === "after") return behaviour === "loses answers" ? ({ external: "lose" } as const) : {};
    if (behaviour === "fails") return { external: "fail" } as const;
    return behaviour === "stalls" ? this.#otherwise(system).then(() => ({})) : {};
  }

  #otherwise(system: string): Promise<void> {
    const waiting = this.#waiting.get(system) ?? Promise.withResolvers<void>();
    this.#waiting.set(system, waiting);
    return waiting.promise;
  }

  #behave(system: string, behaviour: Behaviour): void {
    this.#behaviours.set(system, behaviour);
    this.#waiting.get(system)?.resolve();
    this.#waiting.delete(system);
  }

  /** How each system behaves. */
  #now(): Record<string, Behaviour> {
    return Object.fromEntries(this.#names.map((name) => [name, this.#behaviours.get(name) ?? "works"]));
  }

  #record(line: LedgerLine): void {
    this.#ledger.push(line);
    for (const reader of this.#readers) reader.write(`${JSON.stringify(line)}\n`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = request;
    const body = await read(request);
    if (body === undefined) return;
    if (method === "GET" && url === "/") return void send(response, 200, page(this.#now(), BEHAVIOURS), "text/html");
    if (method === "GET" && url === "/ledger") return this.#follow(response);
    if (method === "PUT" && url.startsWith("/behaviours/")) return void send(response, ...this.#set(url, body));
    const headers = request.headers as Record<string, string>;
    const answer = await this.#traffic.handle({ method, path: url, headers, body }, {});
    if (answer === "lost") return void request.socket.destroy();
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers }).end(answer.body);
  }

  #follow(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
    response.write(this.#ledger.map((line) => `${JSON.stringify(line)}\n`).join(""));
    this.#readers.add(response);
    response.once("close", () => this.#readers.delete(response));
  }

  /** @returns status and text of the answer */
  #set(url: string, behaviour: string): [number, string] {
    const system = decodeURIComponent(url.slice("/behaviours/".length));
    if (!this.#names.includes(system))
      return [404, `there is no system "${system}"; there are ${this.#names.join(", ")}\n`];
    if (!isBehaviour(behaviour)) return [400, `a system ${Object.keys(BEHAVIOURS).join(", ")}; not "${behaviour}"\n`];
    this.#behave(system, behaviour);
    return [200, `${system} ${behaviour}\n`];
  }
}

const isBehaviour = (text: string): text is Behaviour => Object.hasOwn(BEHAVIOURS, text);

/** @returns undefined when the caller went while it was sending */
async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, text: string, type = "text/plain"): void {
  response.writeHead(status, { "content-type": `${type}; charset=utf-8` }).end(text);
}
