import type { HttpAnswer } from "../processes/host.ts";
import { completeAwakeable } from "./commands.ts";
import type { Handler } from "./discovery.ts";
import { parseDuration } from "./duration.ts";
import { flawOfInvocationId, invocationId, parseAwakeableId } from "./ids.ts";
import { failure, type Invocation, type Result, type Waiter } from "./invocation.ts";
import type { PartitionProcessor } from "./partition-processor.ts";

export interface IngressRequest {
  /** stable; an invocation that the request makes is called so */
  name: string;
  method: string;
  /** with query */
  path: string;
  /** lower-case names */
  headers: Record<string, string>;
  body: string;
}
type Answer = (answer: HttpAnswer) => void;

/** Headers of a request that are for the ingress, or for its connection, and not for the handler. */
const OWN_HEADERS = new Set([
  "idempotency-key",
  "host",
  "connection",
  "transfer-encoding",
  "keep-alive",
  "upgrade",
  "te",
]);

/**
 * The HTTP door of Restate. Statuses, headers and messages are those of the server.
 * docs.restate.dev/services/invocation/http
 */
export class Ingress {
  readonly #processor: PartitionProcessor;

  constructor(processor: PartitionProcessor) {
    this.#processor = processor;
  }

  /** `answer` is called at most once: at once, or when there is a result. */
  handle(request: IngressRequest, answer: Answer): void {
    const now = this.#serve(request, answer);
    if (now) answer(now);
  }

  /** The answer, if there is one at once; else `later` will be called. */
  #serve(request: IngressRequest, later: Answer): HttpAnswer | undefined {
    const [pathname = "", search = ""] = request.path.split("?");
    const searchParams = new URLSearchParams(search);
    const raw = pathname.replace(/^\/|\/$/g, "").split("/");
    const segments = raw.map(decoded);
    if (segments[0] !== "restate") return this.#invoke(segments, request, searchParams, later);
    const [what, ...rest] = segments.slice(1);
    switch (what) {
      case "call":
        return this.#invoke(rest, request, searchParams, later);
      case "send":
        return this.#invoke([...rest, "send"], request, searchParams, later);
      case "invocation":
      case "workflow":
        return this.#result(what, rest, raw.at(-2) ?? "", request, later);
      case "awakeables":
      case "a":
        return this.#awakeable(raw.slice(2), request);
      case "health":
        return json(200, { services: [...this.#processor.surface.handlers.services] });
      default:
        return NOT_FOUND;
    }
  }

  // --- /Service/handler, /Object/key/handler, with or without /send ---

  #invoke(segments: string[], request: IngressRequest, query: URLSearchParams, later: Answer): HttpAnswer | undefined {
    const target = this.#target(segments, request);
    if ("status" in target) return target;
    const { handler, key, isSend } = target;
    if (request.method !== "POST" && request.method !== "GET") return METHOD_NOT_ALLOWED;
    const due = this.#due(query.get("delay"), isSend);
    if (typeof due !== "number") return due;
    const flaw = flawOfInput(handler, request);
    if (flaw) return refusal(400, `input validation error: ${flaw}`);
    const idempotencyKey = request.headers["idempotency-key"];
    if (idempotencyKey !== undefined && handler.kind === "workflow") return IDEMPOTENT_WORKFLOW;

    const body = Buffer.from(request.body);
    const headers = headersFor(request);
    const waiter = isSend ? undefined : client(handler, later);
    const submission = { name: request.name, handler, key, body, headers, idempotencyKey, due, waiter };
    const { invocation, isNew } = this.#processor.submit(submission);
    if (!isSend) return undefined;
    return accepted(invocation, isNew, due);
  }

  #target(
    [service = "", ...rest]: string[],
    { path }: IngressRequest,
  ): { handler: Handler; key: string | undefined; isSend: boolean } | HttpAnswer {
    const { handlers } = this.#processor.surface;
    if (rest.length === 0) return refusal(400, `bad path: ${path.split("?")[0]}`);
    if (!handlers.services.has(service)) return noService(service);
    const key = handlers.isKeyed(service) ? rest.shift() : undefined;
    const [name, mode, ...more] = rest;
    if (name === undefined || more.length > 0 || (mode !== undefined && mode !== "send")) return BAD_PATH;
    const handler = handlers.find(service, name);
    if (!handler) return noHandler(service, name);
    if (!handler.isPublic) return refusal(400, `the invoked handler is not public: ${service}/${name}`);
    return { handler, key, isSend: mode === "send" };
  }

  /** docs: "Delayed messages". Milliseconds since the epoch; 0: at once. */
  #due(delay: string | null, isSend: boolean): number | HttpAnswer {
    if (delay === null) return 0;
    if (!isSend) return DELAYED_CALL;
    const milliseconds = parseDuration(delay);
    if (milliseconds === undefined) {
      return refusal(400, `bad delay query parameter, must be a ISO8601 duration: ${delay}`);
    }
    const { epoch, scheduler } = this.#processor.surface;
    return Math.floor(epoch + scheduler.now + milliseconds);
  }

  // --- /restate/invocation/..., /restate/workflow/...: docs, "Attach to an invocation" ---

  #result(
    what: "invocation" | "workflow",
    path: string[],
    idempotencyKey: string,
    { method, name, path: whole }: IngressRequest,
    later: Answer,
  ): HttpAnswer | undefined {
    if (method !== "GET") return METHOD_NOT_ALLOWED;
    const verb = path.at(-1);
    const id = idOf(what, path.slice(0, -1), idempotencyKey, name) ?? refusal(400, `bad path: ${whole.split("?")[0]}`);
    if (typeof id !== "string") return id;
    const invocation = this.#processor.find(id);
    if (verb === "attach") {
      this.#processor.attach(id, { place: id, name }, client(invocation?.handler, later));
      return undefined;
    }
    if (verb !== "output") return NOT_FOUND;
    if (!invocation) return refusal(404, "invocation not found");
    if (!invocation.result) return refusal(470, "the invocation exists but has not completed yet");
    return resultAnswer(invocation.result, id, invocation.handler);
  }

  // --- /restate/awakeables/ID/...: docs.restate.dev/develop/ts/external-events ---

  /** The same answer whether it is the first completion or comes too late. The id is taken literally (1.7.12). */
  #awakeable([id = "", verb]: string[], { method, body }: IngressRequest): HttpAnswer {
    if (verb !== "resolve" && verb !== "reject") return NOT_FOUND;
    if (method !== "POST") return METHOD_NOT_ALLOWED;
    const awakeable = parseAwakeableId(id);
    if (typeof awakeable === "string") return refusal(400, `bad awakeable id '${id}': ${awakeable}`);
    completeAwakeable(
      this.#processor,
      awakeable,
      verb === "resolve" ? { value: Buffer.from(body) } : failure(500, body),
    );
    return { status: 202, headers: {}, body: "" };
  }
}

/**
 * An invocation is named by its id, by its target and idempotency key, or as the run of a workflow.
 * @param idempotencyKey as it stands in the path: all else there may be escaped, this the server takes literally (1.7.12)
 */
function idOf(
  what: "invocation" | "workflow",
  path: string[],
  idempotencyKey: string,
  name: string,
): string | HttpAnswer | undefined {
  const [first = "", second = ""] = path;
  if (what === "workflow") {
    if (path.length !== 2) return NOT_FOUND;
    return invocationId({ name, service: first, handler: "run", key: second, isRun: true }).text;
  }
  if (path.length === 1) {
    const flaw = flawOfInvocationId(first);
    return flaw ? refusal(400, `bad invocation id '${first}': ${flaw}`) : first;
  }
  if (path.length !== 3 && path.length !== 4) return undefined;
  const key = path.length === 4 ? second : undefined;
  const [handler = ""] = path.slice(-2);
  return invocationId({ name, service: first, handler, key, idempotencyKey }).text;
}

/** What is no proper escape stands for itself. */
function decoded(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** A client that waits for a result. */
const client = (handler: Handler | undefined, answer: Answer): Waiter => ({
  kind: "client",
  answer: (result, id) => answer(resultAnswer(result, id, handler)),
});

function headersFor({ headers, path, body }: IngressRequest): { key: string; value: string }[] {
  const passed = [{ key: "x-restate-ingress-path", value: path }];
  for (const [key, value] of Object.entries(headers))
    if (!OWN_HEADERS.has(key) && !key.startsWith("x-restate-")) passed.push({ key, value });
  if (headers["content-length"] === undefined)
    passed.push({ key: "content-length", value: String(Buffer.byteLength(body)) });
  return passed;
}

/** docs.restate.dev/develop/ts/serialization: the content type of a body is checked against the handler's, if both have one. */
function flawOfInput({ accepts }: Handler, { headers }: IngressRequest): string | undefined {
  const given = headers["content-type"];
  if (!accepts || accepts === "*/*" || given === undefined) return undefined;
  const essence = given.split(";")[0]!.trim().toLowerCase();
  return essence === accepts ? undefined : `Content-type '${given}' does not match '${accepts}'`;
}

function resultAnswer(result: Result, id: string, handler: Handler | undefined): HttpAnswer {
  if ("failure" in result) {
    const { code, message, metadata } = result.failure;
    const extra =
      metadata.length > 0 ? { metadata: Object.fromEntries(metadata.map(({ key, value }) => [key, value])) } : {};
    const { headers, ...answer } = json(code, { code, message, ...extra, source: "invocation" });
    return { ...answer, headers: { "x-restate-id": id, "x-restate-error-source": "invocation", ...headers } };
  }
  const type = result.value.length > 0 && handler?.answers ? { "content-type": handler.answers } : {};
  return { status: 200, headers: { "x-restate-id": id, ...type }, body: Buffer.from(result.value).toString() };
}

function accepted(invocation: Invocation, isNew: boolean, due: number): HttpAnswer {
  const invocationId = invocation.id.text;
  const status = isNew ? "Accepted" : "PreviouslyAccepted";
  const when = due ? { executionTime: new Date(due).toISOString().replace("Z", "000000Z") } : {};
  const { headers, ...answer } = json(202, { invocationId, ...when, status });
  return { ...answer, headers: { ...headers, "x-restate-id": invocationId } };
}

const json = (status: number, body: object): HttpAnswer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** The ingress itself says no. */
function refusal(code: number, message: string): HttpAnswer {
  const { headers, ...answer } = json(code, { code, message, source: "ingress" });
  return { ...answer, headers: { "x-restate-error-source": "ingress", ...headers } };
}

const BAD_PATH = refusal(
  400,
  "bad path, expected either /:service-name/:handler or /:object-name/:object-key/:handler",
);
const METHOD_NOT_ALLOWED = refusal(405, "method not allowed");
const NOT_FOUND = refusal(404, "not found");
const DELAYED_CALL = refusal(
  400,
  "cannot use the delay query parameter with calls. The delay is supported only with sends",
);
const IDEMPOTENT_WORKFLOW = refusal(
  400,
  "cannot use the idempotency key with workflow handlers. The handler invocation will already be idempotent by the workflow key itself.",
);
const noService = (service: string): HttpAnswer =>
  refusal(404, `service '${service}' not found, make sure to register the service before calling it.`);
const noHandler = (service: string, handler: string): HttpAnswer =>
  refusal(
    404,
    `the service '${service}' exists, but the handler '${handler}' was not found, check that the handler exists in the latest registered service version.`,
  );
