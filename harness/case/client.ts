import type { OperationEvent } from "../history/index.ts";
import { frontPath, type Json, type ReferringKind, type Request } from "../plan/index.ts";
import {
  type ClientAnswer,
  type ClientRequest,
  type Destination,
  OPERATION_HEADER,
  type Stack,
} from "../stack/index.ts";

/** How a request ended, but for when. */
export type Completion =
  | Omit<Extract<OperationEvent, { type: "ok" }>, "at" | "operation">
  | Omit<Extract<OperationEvent, { type: "fail" }>, "at" | "operation">
  | Omit<Extract<OperationEvent, { type: "info" }>, "at" | "operation">;

/** What a client asks for, ids in the stack's form: a request of its own, or something about another's invocation. */
export type Wish = { request: Request; app: string } | { kind: ReferringKind; invocation: string };

/** What a client must know to make a request. */
export interface CallOptions {
  stack: Stack;
  wish: Wish;
  /** "<tag>/<operation>", for the header */
  name: string;
  /** how often it asks again when the connection breaks; 0 when absent */
  retries?: number;
  /** called when a request has been handed to the network */
  sent?(): void;
}

/** Answers by which a proxy or a server says that it could not ask, not what the outcome is. */
const NO_OUTCOME = new Set([408, 429, 502, 503, 504]);
const RECONNECT_MS = 10;
const GONE: Completion = { type: "info", reason: "the client walked away" };
/** Restate's status for the output of an invocation that has not completed. */
const NOT_COMPLETED = 470;

/** A request of a client that is under way: it can be cut off by faults. */
export class ClientCall {
  readonly #options: CallOptions;
  #abort = new AbortController();
  #asksAgain: number;
  #walkedAway = false;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#asksAgain = options.retries ?? 0;
  }

  /**
   * The client's connection breaks, as when it loses its network; then it asks again, or gives up for good. Nobody in
   * their right mind asks again for what is not idempotent: such a client gives up.
   */
  cut(then: "walks away" | "asks again"): void {
    const { wish } = this.#options;
    const idempotent = "request" in wish && ("front" in wish.request || wish.request.idempotencyKey !== undefined);
    if (then === "asks again" && idempotent) this.#asksAgain++;
    else this.#walkedAway = true;
    this.#abort.abort();
  }

  /** Makes the request, to its end. Never rejects: a broken connection is an `info`. */
  async run(): Promise<Completion> {
    const { stack, wish, name, sent } = this.#options;
    const { to, request } = httpRequest(wish, name);
    for (;;) {
      // it may have gone while it waited to ask again
      if (this.#walkedAway) return GONE;
      this.#abort = new AbortController();
      try {
        const answer = stack.fetch(to, { ...request, signal: this.#abort.signal });
        sent?.();
        return completion(wish, await answer);
      } catch (error) {
        if (this.#walkedAway) return GONE;
        const refused = isRefused(error);
        if (!refused && this.#asksAgain-- <= 0) return { type: "info", reason: `no answer: ${reasonOf(error)}` };
        await stack.clock.sleep(RECONNECT_MS);
      }
    }
  }
}

function httpRequest(wish: Wish, name: string): { to: Destination; request: ClientRequest } {
  const whose = { [OPERATION_HEADER]: name };
  if ("kind" in wish) return referringRequest(wish.kind, wish.invocation, whose);
  const { to, request } = overHttp(wish.request, wish.app);
  return { to, request: { ...request, headers: { ...whose, ...request.headers } } };
}

/** A request as it goes over HTTP. @param app the pattern whose front app is meant, where it is for one */
export function overHttp(request: Request, app: string): { to: Destination; request: ClientRequest } {
  const {
    input,
    idempotencyKey,
    headers: more,
    body: text = input === undefined ? undefined : JSON.stringify(input),
  } = request;
  const headers: Record<string, string> = {
    ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
    ...(text !== undefined && { "content-type": "application/json" }),
    ...more,
  };
  const body = text === undefined ? {} : { body: text };
  if ("front" in request) return { to: { app }, request: { ...frontPath(request), headers, ...body } };
  const { call, key, send } = request;
  const [service = "", handler = ""] = call.split("/");
  const target = [service, key, handler].filter((part) => part !== undefined);
  const delay = typeof send === "object" ? `?delay=${send.delayMs}ms` : "";
  const path = `/${target.map(encodeURIComponent).join("/")}${send === undefined ? "" : `/send${delay}`}`;
  return { to: "ingress", request: { method: "POST", path, headers, ...body } };
}

function referringRequest(
  kind: ReferringKind,
  invocation: string,
  headers: Record<string, string>,
): { to: Destination; request: ClientRequest } {
  if (kind === "attach")
    return { to: "ingress", request: { method: "GET", path: `/restate/invocation/${invocation}/attach`, headers } };
  const verb = kind === "cancel" ? "cancel" : "kill";
  return { to: "admin", request: { method: "PATCH", path: `/invocations/${invocation}/${verb}`, headers } };
}

/** How an invocation has ended, without waiting for it: `info` when it has not. */
export async function outputOf(stack: Stack, invocation: string): Promise<Completion> {
  const path = `/restate/invocation/${invocation}/output`;
  const { status, body } = await stack.fetch("ingress", { method: "GET", path, headers: {} });
  if (status === NOT_COMPLETED) return { type: "info", reason: "it has not completed" };
  return status < 400 ? { type: "ok", value: parse(body) } : { type: "fail", code: status, message: messageIn(body) };
}

function completion(wish: Wish, { status, headers, body }: ClientAnswer): Completion {
  const id = headers["x-restate-id"];
  const invocation = id === undefined ? {} : { invocation: id };
  if (NO_OUTCOME.has(status)) return { type: "info", reason: `status ${status}`, ...invocation };
  if (status >= 400) return { type: "fail", code: status, message: messageIn(body), ...invocation };
  // that a one-way call was accepted is no answer
  if ("request" in wish && "call" in wish.request && wish.request.send !== undefined) {
    const { invocationId } = JSON.parse(body) as { invocationId: string };
    return { type: "ok", value: null, invocation: invocationId };
  }
  return { type: "ok", value: parse(body), ...invocation };
}

function parse(body: string): Json {
  if (body === "") return null;
  try {
    return JSON.parse(body) as Json;
  } catch {
    return body;
  }
}

function messageIn(body: string): string {
  const parsed = parse(body);
  if (parsed && typeof parsed === "object" && !Array.isArray(parsed) && typeof parsed.message === "string")
    return parsed.message;
  return body;
}

/** Nobody listened: the request was never taken, so asking again is no second request. */
const isRefused = (error: unknown): boolean => codeOf(error) === "ECONNREFUSED";
const codeOf = (error: unknown): unknown =>
  (error as { code?: unknown }).code ?? (error as { cause?: { code?: unknown } }).cause?.code;
const reasonOf = (error: unknown): string => String(codeOf(error) ?? (error as Error).message);
