/**
 * The process that serves a bundle: `node endpoint.ts BUNDLE PATTERN...`. Prints its ports when it is ready.
 *
 * It adds nothing to the services but the names of those on whose behalf they call out: requests to external systems say
 * which attempt makes them, and a front app's requests to Restate say which operation it serves.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { ATTEMPT_HEADER, FROM_HEADER, OPERATION_HEADER } from "../headers.ts";
import { READY } from "./endpoint-ready.ts";

type App = (request: Request) => Promise<Response>;
interface Pattern {
  services: object[];
  app?: App;
}
type Sdk = typeof import("@restatedev/restate-sdk");
type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

const [file, ...patterns] = process.argv.slice(2) as [string, ...string[]];
const load = createRequire(file);
const { catalog } = load(file) as { catalog: Record<string, Pattern> };
const sdk = load("@restatedev/restate-sdk") as Sdk;

/** the headers that identify on whose behalf the code that is running runs */
const behalf = new AsyncLocalStorage<Record<string, string>>();
let callsInFlight = 0;
const plainFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  for (const [name, value] of Object.entries(behalf.getStore() ?? {})) headers.set(name, value);
  callsInFlight++;
  try {
    return await plainFetch(input, { ...init, headers });
  } finally {
    callsInFlight--;
  }
};

/** a service of our own: one answered call proves that the server serves again after a restart */
const probe = sdk.service({ name: "stormproofProbe", handlers: { ping: async () => "pong" } });
const handler = sdk.createEndpointHandler({
  services: [...patterns.flatMap((name) => catalog[name]!.services), probe] as never[],
  logger: (meta, message, ...rest) => {
    if (meta.level === "error" || process.env.STORMPROOF_LOG) console.error(message, ...rest);
  },
}) as Handler;
const endpoint = createHttp2Server((request, response) => {
  const invocation = request.headers["x-restate-invocation-id"];
  const from = `${invocation}/${request.headers[ATTEMPT_HEADER] ?? ""}`;
  behalf.run(invocation ? { [FROM_HEADER]: from } : {}, () => handler(request, response));
});

/** `/stormproof/idle` answers once no call to an external system is in flight; `/<pattern>/...` is that pattern's app */
const apps = createServer((request, response) => {
  const [, name, rest] = /^\/([^/]+)(.*)$/.exec(request.url ?? "") ?? [];
  if (name === "stormproof") {
    whenIdle(() => response.end("idle"));
    return;
  }
  const app = name && patterns.includes(name) ? catalog[name]?.app : undefined;
  if (!app) {
    response.writeHead(404).end(`no app named ${name}`);
    return;
  }
  const operation = request.headers[OPERATION_HEADER];
  behalf.run(typeof operation === "string" ? { [OPERATION_HEADER]: operation } : {}, () =>
    serve(app, rest || "/", request, response),
  );
});

async function serve(app: App, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  try {
    const answer = await app(
      new Request(`http://127.0.0.1${path}`, {
        method: request.method ?? "GET",
        headers: request.headers as Record<string, string>,
        ...(body.length > 0 && { body }),
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}

/** A thawed process has much to catch up with: it is idle when nothing is in flight over several turns of its loop. */
function whenIdle(done: () => void, quietTurns = 0): void {
  if (quietTurns === 20) done();
  else setTimeout(() => whenIdle(done, callsInFlight === 0 ? quietTurns + 1 : 0), 1);
}

const listen = (server: { listen: typeof apps.listen; address(): unknown }): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
console.log(READY + JSON.stringify({ endpoint: await listen(endpoint as never), apps: await listen(apps) }));

// the reaper holds the other end: when it closes, nobody is left to serve
process.stdin.resume().once("end", () => process.exit(0));
