import type { LedgerEvent } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import type { ExternalAnswer } from "../stack/index.ts";
import type { Authentication } from "./authentication.ts";
import { type BodyReader, none } from "./body.ts";
import { IdempotencyMemory, type KeyRule } from "./idempotency.ts";
import { matchPath } from "./paths.ts";
import type { ExternalSystem, Happening, LedgerEntry, Reaction, RunningSystem, SystemRequest } from "./system.ts";

/** What an entry of the ledger is about. */
export interface Fact {
  /** the id of the thing, so that all that ever happened to it is found under one key */
  key: string;
  /** what the change belongs to, when the caller said so */
  reference?: string | undefined;
  data?: Record<string, Json>;
  /** what was asked, where the route alone does not tell */
  action?: string;
}

/** A request that a route has read, and the ways to answer it. */
export interface Call<State, Param extends string, Body> {
  /** decoded */
  params: Readonly<Record<Param, string>>;
  /** as it was sent */
  path: string;
  query: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
  body: Body;
  /** the idempotency key; a call that has none gets one of its own */
  key: string;
  state: State;
  now: number;
  /** It changed something. */
  changed(fact: Fact, body: Json, more?: Partial<ExternalAnswer>): Reaction;
  /** It is already as the caller wants it. */
  unchanged(fact: Fact, body: Json, more?: Partial<ExternalAnswer>): Reaction;
  /**
   * The system declines. A status of 408, 425, 429 or 5xx asks the caller to try again, and `headers` may say when:
   * `{"retry-after": "1"}`.
   */
  refused(status: number, message: string, fact?: Fact, headers?: Record<string, string>): Reaction;
  /** Time changed something, before the request was looked at: see `after`. */
  lapsed(fact: Fact): LedgerEntry;
  /** A read: nothing that the ledger should know. */
  answered(body: Json, more?: Partial<ExternalAnswer>): Reaction;
}

/** What a route does, and what it needs to know of a request. */
export interface RouteOptions<Body> {
  /** what the ledger calls it, e.g. "reserve" */
  action: string;
  /** no body unless it is said */
  body?: BodyReader<Body>;
  /** where the idempotency key stands; without it each call is a new one */
  key?: KeyRule;
}

/** What a system does when the time is over for all that begins with the prefix; see `RunningSystem.lapse`. */
export type Lapse<State> = (
  state: State,
  referencePrefix: string,
  lapsed: (fact: Fact) => LedgerEntry,
) => LedgerEntry[];

/** The names of the parameters of "PUT /rooms/:room/guests/:guest": "room" | "guest". */
type Params<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | Params<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

interface Route<State> {
  method: string;
  segments: string[];
  handle(running: Running<State>, request: SystemRequest, params: Record<string, string>, now: number): Reaction;
}

interface Parts<State> {
  state: () => State;
  routes: readonly Route<State>[];
  authentication: Authentication;
  lapse: Lapse<State>;
}

/**
 * Declares an external system: its name, the state that it begins with, and a route for each thing that can be asked of it.
 * A property can declare one of its own beside it and have it played.
 *
 * ```ts
 * const hotel = externalSystem("hotel", () => new Map<string, string>())
 *   .authenticatedBy(bearer)
 *   .route(
 *     "PUT /rooms/:room/guest",
 *     { action: "check-in", body: json(z.strictObject({ guest: z.string().min(1) })), key: inHeader("idempotency-key") },
 *     ({ params: { room }, body: { guest }, state, changed, refused }) => {
 *       if (state.has(room)) return refused(409, `${room} is taken`, { key: room });
 *       state.set(room, guest);
 *       return changed({ key: room, reference: guest, data: { guest } }, { room, guest }, { status: 201 });
 *     },
 *   )
 *   .route("GET /rooms/:room", { action: "look" }, ({ params: { room }, state, answered }) =>
 *     answered({ guest: state.get(room) ?? null }),
 *   );
 * ```
 *
 * A service reaches it at HOTEL_URL. Bodies that do not fit are refused with 400 and the name of the field; the key of a
 * call makes it harmless to repeat (see `IdempotencyMemory`); whatever `changed`, `unchanged` and `refused` say goes into
 * the ledger. A handler must not look at clocks, draw random numbers or wait: the time is `now`.
 */
export function externalSystem<State>(name: string, state: () => State): DeclaredSystem<State> {
  return new DeclaredSystem(name, { state, routes: [], authentication: () => undefined, lapse: () => [] });
}

/** A system as it is declared so far; each method gives one with more to it. */
export class DeclaredSystem<State> implements ExternalSystem {
  readonly name: string;
  readonly #parts: Parts<State>;

  constructor(name: string, parts: Parts<State>) {
    this.name = name;
    this.#parts = parts;
  }

  /**
   * @param path method and path, in which a segment that begins with a colon takes any id: "PUT /rooms/:room/guest"
   * @param handle a pure function, but for the changes that it makes to `state`
   */
  route<Path extends `${string} /${string}`, Body = undefined>(
    path: Path,
    options: RouteOptions<Body>,
    handle: (call: Call<State, Params<Path>, Body>) => Reaction,
  ): DeclaredSystem<State> {
    const [method = "", pattern = ""] = path.split(" ");
    const route: Route<State> = {
      method,
      segments: pattern.split("/"),
      handle: (running, request, params, now) =>
        running.serve(options, request, params as Record<Params<Path>, string>, now, handle),
    };
    return this.#with({ routes: [...this.#parts.routes, route] });
  }

  /** Requests that fail it are refused with 401, whatever they ask for. */
  authenticatedBy(authentication: Authentication): DeclaredSystem<State> {
    return this.#with({ authentication });
  }

  /** What becomes of things that wait for something that will not come any more. */
  lapsing(lapse: Lapse<State>): DeclaredSystem<State> {
    return this.#with({ lapse });
  }

  start(): RunningSystem {
    return new Running(this.name, this.#parts);
  }

  #with(parts: Partial<Parts<State>>): DeclaredSystem<State> {
    return new DeclaredSystem(this.name, { ...this.#parts, ...parts });
  }
}

class Running<State> implements RunningSystem {
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
    const refused: Call<State, Param, Body>["refused"] = (status, message, fact = { key }, headers = {}) =>
      this.#refused(action, fact, status, message, headers);
    const answer = (): Reaction => {
      const read = (reader ?? (none as BodyReader<Body>)).read(request.body, request.headers["content-type"] ?? "");
      if (!("body" in read)) return refused(read.status, read.message);
      const recorded = (type: "effect" | "repeat") => (fact: Fact, body: Json, more?: Partial<ExternalAnswer>) => ({
        answer: { status: 200, body: JSON.stringify(body), ...more },
        entries: [this.#entry(type, action, fact)],
      });
      return handle({
        params,
        path: request.path,
        query: request.query,
        headers: request.headers,
        body: read.body,
        key,
        state: this.#state,
        now,
        changed: recorded("effect"),
        unchanged: recorded("repeat"),
        refused,
        lapsed: this.#lapsed,
        answered,
      });
    };
    if (!rule) return answer();
    return this.#memory.answer(rule, keyed, answer, () =>
      refused(422, `the idempotency key ${key} was used for another request`),
    );
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
      entries: [this.#entry("refusal", action, { ...fact, data: { status, message } })],
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

/** What time had done before a request was looked at comes before what the request did. */
export const after = ({ entries }: Happening, reaction: Reaction): Reaction => ({
  ...reaction,
  entries: [...entries, ...reaction.entries],
});
