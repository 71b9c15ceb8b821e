import type { LedgerEvent } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import type { ExternalAnswer } from "../stack/index.ts";
import type { Authentication } from "./authentication.ts";
import { type BodyReader, none } from "./body.ts";
import type { Call, Fact, RouteOptions } from "./call.ts";
import { IdempotencyMemory } from "./idempotency.ts";
import { matchPath } from "./paths.ts";
import type { LedgerEntry, Reaction, RunningSystem, SystemRequest } from "./system.ts";

/** What a system does when the time is over for all that begins with the prefix; see `RunningSystem.lapse`. */
export type Lapse<State> = (
  state: State,
  referencePrefix: string,
  lapsed: (fact: Fact) => LedgerEntry,
) => LedgerEntry[];

/** A route without the types of its parameters and its body. */
export interface Route<State> {
  method: string;
  segments: string[];
  handle(running: Running<State>, request: SystemRequest, params: Record<string, string>, now: number): Reaction;
}

/** What a system is declared to be. */
export interface Parts<State> {
  state: () => State;
  routes: readonly Route<State>[];
  authentication: Authentication;
  lapse: Lapse<State>;
}

/** A declared system with its state, and with the memory of its idempotency keys. */
export class Running<State> implements RunningSystem {
  readonly #name: string;
  readonly #parts: Parts<State>;
  readonly #state: State;
  readonly #memory = new IdempotencyMemory();
  #unkeyed = 0;

  constructor(name: string, parts: Parts<State>) {
    this.#name = name;
    this.#parts = parts;
    this.#state = parts.state();
  }

  handle(request: SystemRequest, now: number): Reaction {
    const refused = (status: number, message: string) =>
      this.#refused(request.method, { key: request.path }, status, message);
    const stranger = this.#parts.authentication(request.headers, request.path);
    if (stranger !== undefined) return refused(401, stranger);
    const matches = this.#parts.routes.flatMap((route) => {
      const params = matchPath(route.segments, request.path);
      return params ? [{ route, params }] : [];
    });
    const match = matches.find(({ route }) => route.method === request.method);
    if (match) return match.route.handle(this, request, match.params, now);
    if (matches.length === 0) return refused(404, `${this.#name} has no ${request.path}`);
    return refused(405, `${request.path} takes ${matches.map(({ route }) => route.method).join(", ")}`);
  }

  serve<Param extends string, Body>(
    { action, body: reader, key: rule }: RouteOptions<Body>,
    request: SystemRequest,
    params: Record<Param, string>,
    now: number,
    handle: (call: Call<State, Param, Body>) => Reaction,
  ): Reaction {
    const keyed = { ...request, params };
    const key = rule?.read(keyed) ?? `unkeyed-${++this.#unkeyed}`;
    const answer = (): Reaction => {
      const read = (reader ?? (none as BodyReader<Body>)).read(request.body, request.headers["content-type"] ?? "");
      if (!("body" in read)) return this.#refused(action, { key }, read.status, read.message);
      return handle(this.#call(action, request, { params, body: read.body, key, now }));
    };
    if (!rule) return answer();
    return this.#memory.answer(rule, keyed, answer, () =>
      this.#refused(action, { key }, 422, `the idempotency key ${key} was used for another request`),
    );
  }

  #call<Param extends string, Body>(
    action: string,
    { path, query, headers }: SystemRequest,
    read: Pick<Call<State, Param, Body>, "params" | "body" | "key" | "now">,
  ): Call<State, Param, Body> {
    const recorded = (type: "effect" | "repeat") => (fact: Fact, body: Json, more?: Partial<ExternalAnswer>) => ({
      answer: { status: 200, body: JSON.stringify(body), ...more },
      entries: [this.#entry(type, action, fact)],
    });
    return {
      ...read,
      path,
      query,
      headers,
      state: this.#state,
      changed: recorded("effect"),
      unchanged: recorded("repeat"),
      refused: (status, message, fact = { key: read.key }, headers = {}) =>
        this.#refused(action, fact, status, message, headers),
      lapsed: this.#lapsed,
      answered,
    };
  }

  lapse(referencePrefix: string): LedgerEntry[] {
    return this.#parts.lapse(this.#state, referencePrefix, this.#lapsed);
  }

  readonly #lapsed = (fact: Fact): LedgerEntry => this.#entry("lapse", "lapse", fact);

  #refused(
    action: string,
    fact: Fact,
    status: number,
    message: string,
    headers: Record<string, string> = {},
  ): Reaction {
    return {
      answer: { status, body: JSON.stringify({ message }), headers },
      entries: [this.#entry("refusal", action, { ...fact, data: { ...fact.data, status, message } })],
    };
  }

  #entry(type: LedgerEvent["type"], routed: string, fact: Fact): LedgerEntry {
    const { action = routed, key, reference, data = {} } = fact;
    return { type, system: this.#name, action, key, ...(reference === undefined ? {} : { reference }), data };
  }
}

const answered = (body: Json, more?: Partial<ExternalAnswer>): Reaction => ({
  answer: { status: 200, body: JSON.stringify(body), ...more },
  entries: [],
});
