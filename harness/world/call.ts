import type { Json } from "../plan/index.ts";
import type { ExternalAnswer } from "../stack/index.ts";
import type { BodyReader } from "./body.ts";
import type { KeyRule } from "./idempotency.ts";
import type { Happening, LedgerEntry, Reaction } from "./system.ts";

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

/** What time had done before a request was looked at comes before what the request did. */
export const after = ({ entries }: Happening, reaction: Reaction): Reaction => ({
  ...reaction,
  entries: [...entries, ...reaction.entries],
});
