import { onTestFinished, vi } from "vitest";
import type { Json } from "../plan/index.ts";
import type { ExternalAnswer, ExternalRequest } from "../stack/index.ts";
import { SECRET } from "./authentication.ts";
import type { ExternalSystem, LedgerEntry } from "./system.ts";
import type { Webhook } from "./webhook.ts";
import { World } from "./world.ts";

/** Headers that every system accepts as a caller's own. */
const CREDENTIALS: Record<string, Record<string, string>> = {
  cars: { "x-api-key": SECRET },
  alerts: { "x-routing-key": SECRET },
  stripe: { authorization: "Bearer sk_test_1" },
  "payment-provider": { authorization: `Basic ${btoa(`${SECRET}:`)}` },
};
const credentials = (system: string) => CREDENTIALS[system] ?? { authorization: `Bearer ${SECRET}` };

export interface SendOptions {
  /** sent as JSON */
  json?: Json;
  /** sent as it is */
  body?: string;
  /** the idempotency key, in its header */
  key?: string;
  headers?: Record<string, string>;
  now?: number;
}

export interface Received {
  status: number;
  body: unknown;
  text: string;
  headers: Record<string, string>;
  entries: LedgerEntry[];
}

/** A fresh world, and a caller that every system knows. */
export function startWorld(systems?: readonly ExternalSystem[]) {
  const world = new World(systems);
  const ledger: LedgerEntry[] = [];

  function send(target: string, wish: SendOptions = {}): Received {
    const { json, body = json === undefined ? "" : JSON.stringify(json), key, headers, now = 0 } = wish;
    const [method = "", path = ""] = target.split(" ");
    const sent = {
      ...credentials(path.split(/[/?]/)[1] ?? ""),
      ...(json !== undefined && { "content-type": "application/json" }),
      ...(key !== undefined && { "idempotency-key": key }),
      ...headers,
    };
    const { answer, entries } = world.handle({ method, path, headers: sent, body }, now);
    ledger.push(...entries);
    return { ...readAnswer(answer), entries };
  }

  return { world, ledger, send };
}

function readAnswer({ status, body, headers = {} }: ExternalAnswer): Omit<Received, "entries"> {
  const isJson = (headers["content-type"] ?? "application/json").startsWith("application/json");
  return { status, text: body, headers, body: isJson ? JSON.parse(body) : body };
}

/** What went through `fetch`. */
export interface Exchange {
  request: ExternalRequest;
  answer: ExternalAnswer;
}

/** Lets the global `fetch` reach a fresh world until the test is over, at the default addresses, and time pass there. */
export function worldOverFetch(systems?: readonly ExternalSystem[], exchanges: Exchange[] = []) {
  const world = new World(systems);
  const ledger: LedgerEntry[] = [];
  const webhooks: Webhook[] = [];
  const clock = { now: 0 };
  const fetchWorld: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const headers = Object.fromEntries(request.headers);
    const sent = { method: request.method, path: pathname + search, headers, body: await request.text() };
    const { answer, entries, webhooks: made = [] } = world.handle(sent, clock.now);
    ledger.push(...entries);
    webhooks.push(...made);
    exchanges.push({ request: sent, answer });
    const { status, body, headers: own } = answer;
    return new Response(body, { status, headers: { "content-type": "application/json", ...own } });
  };
  vi.stubGlobal("fetch", fetchWorld);
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  const advance = (milliseconds: number) => {
    clock.now += milliseconds;
    const happening = world.advance(clock.now);
    ledger.push(...happening.entries);
    webhooks.push(...happening.webhooks);
  };
  return { world, ledger, webhooks, advance };
}

export const types = (entries: readonly LedgerEntry[]): string[] => entries.map(({ type }) => type);
