import type { Authentication } from "./authentication.ts";
import type { Call, RouteOptions } from "./call.ts";
import { type Lapse, type Parts, type Route, Running } from "./running.ts";
import type { ExternalSystem, Reaction, RunningSystem } from "./system.ts";

/** The names of the parameters of "PUT /rooms/:room/guests/:guest": "room" | "guest". */
type Params<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | Params<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

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
