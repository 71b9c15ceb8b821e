import type { ExecutionContext } from "./execution-context.ts";
import type { HttpAnswer, OutgoingRequest } from "./host.ts";

/** The global `fetch` of a simulated process. It rejects as Node's does: a TypeError with the cause of the failure. */
export async function virtualFetch(
  context: ExecutionContext,
  name: string,
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<Response> {
  const request = await outgoing(context, name, input, init);
  const signal = init.signal ?? (input instanceof Request ? input.signal : undefined);
  signal?.throwIfAborted();

  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const { process } = context;
  process.requestsInFlight++;
  let open = true;
  const close = (): boolean => {
    if (!open) return false;
    open = false;
    process.requestsInFlight--;
    return true;
  };
  signal?.addEventListener("abort", () => close() && reject(signal.reason), { once: true });
  process.host.request(context, request, (answer) =>
    process.enter(context, () => {
      if (!close()) return;
      if (answer instanceof Error) reject(new TypeError("fetch failed", { cause: answer }));
      else resolve(response(answer));
    }),
  );
  return promise;
}

async function outgoing(
  context: ExecutionContext,
  name: string,
  input: string | URL | Request,
  init: RequestInit,
): Promise<OutgoingRequest> {
  // the common case, without the cost of a Request
  if (typeof input === "string" && isText(init.body)) {
    const method = (init.method ?? "GET").toUpperCase();
    const implied = init.body ? { "content-type": "text/plain;charset=UTF-8" } : {};
    const headers = { ...implied, ...plainHeaders(init.headers), ...context.headers };
    return { name, method, url: new URL(input), headers, body: init.body ?? "" };
  }
  const request = new Request(input, init);
  const headers = { ...Object.fromEntries(request.headers), ...context.headers };
  return { name, method: request.method, url: new URL(request.url), headers, body: await request.text() };
}

const isText = (body: unknown): body is string | null | undefined =>
  body === undefined || body === null || typeof body === "string";

function plainHeaders(init: RequestInit["headers"]): Record<string, string> {
  if (init === undefined) return {};
  if (init instanceof Headers) return Object.fromEntries(init);
  if (Array.isArray(init)) return Object.fromEntries(new Headers(init));
  return Object.fromEntries(Object.entries(init).map(([key, value]) => [key.toLowerCase(), String(value)]));
}

/** statuses that may not have a body */
const BODILESS = new Set([204, 205, 304]);

function response({ status, headers, body }: HttpAnswer): Response {
  return new Response(BODILESS.has(status) ? null : body, { status, headers });
}
