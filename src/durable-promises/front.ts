import { TerminalError } from "@restatedev/restate-sdk";
import { ingressUrl } from "../shared/configuration.ts";
import { decodeSegment, refuse } from "../shared/front-app.ts";
import { type DurablePromise, durablePromise } from "./client.ts";
import { type Json, type Outcome, PromiseRejected } from "./outcome.ts";

const ROUTE = /^\/promises\/([^/]+)(?:\/(result|resolve|reject))?$/;
const ROUTES = "GET /promises/:id[/result] and POST /promises/:id/(resolve|reject)";

/**
 * Promises for the web: `GET /promises/:id` answers at once and `GET /promises/:id/result` when it is completed; `POST
 * /promises/:id/resolve` takes a value and `.../reject` a message, as JSON, and answer the outcome that stands. A request
 * with an `idempotency-key` may be repeated.
 */
export async function front(request: Request): Promise<Response> {
  const [, segment = "", verb = "peek"] = ROUTE.exec(new URL(request.url).pathname) ?? [];
  const id = decodeSegment(segment);
  if (segment === "") return refuse(404, `there is only ${ROUTES}`);
  if (id === undefined) return refuse(400, "id is not a valid URL segment");
  const completes = verb === "resolve" || verb === "reject";
  if (request.method !== (completes ? "POST" : "GET")) return refuse(405, `there is only ${ROUTES}`);
  const body = completes ? parse(await request.text()) : null;
  if (body === undefined) return refuse(400, "the body is not JSON");
  if (verb === "reject" && typeof body !== "string") return refuse(400, "errorMessage must be a string");

  const idempotencyKey = request.headers.get("idempotency-key") ?? undefined;
  const promise = durablePromise<Json>(ingressUrl(), id, { idempotencyKey });
  try {
    return Response.json(await outcomeOf(verb, promise, body));
  } catch (error) {
    if (error instanceof TerminalError) return refuse(error.code, error.message);
    return refuse(503, "no answer: it is open what became of the promise; ask again");
  }
}

/** The outcome of the promise; null while it has none. */
async function outcomeOf(verb: string, promise: DurablePromise<Json>, body: Json): Promise<Outcome | null> {
  try {
    const value = await ask(verb, promise, body);
    return value === undefined ? null : { value };
  } catch (error) {
    if (error instanceof PromiseRejected) return { error: error.message };
    throw error;
  }
}

function ask(verb: string, promise: DurablePromise<Json>, body: Json): Promise<Json | undefined> {
  switch (verb) {
    case "resolve":
      return promise.resolve(body);
    case "reject":
      return promise.reject(body as string);
    case "result":
      return promise.get();
    default:
      return promise.peek();
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
