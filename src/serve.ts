/**
 * Serves patterns of the catalog: `node src/serve.ts [pattern...]`, all of them when none is named.
 * The Restate services listen on PORT (9080), the front apps on APP_PORT (5050), both at HOST (0.0.0.0).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import { text } from "node:stream/consumers";
import { createEndpointHandler } from "@restatedev/restate-sdk";
import { catalog, type Pattern } from "./catalog.ts";
import { externalSecretSetting, externalSetting, port } from "./configuration.ts";

type App = NonNullable<Pattern["app"]>;

async function main(names: string[]): Promise<void> {
  if (names.includes("--help")) return console.log(usage());
  const unknown = names.filter((name) => !Object.hasOwn(catalog, name));
  if (unknown.length > 0) throw new Error(`no such pattern: ${unknown.join(", ")}\n\n${usage()}`);

  const patterns = (names.length > 0 ? [...new Set(names)] : Object.keys(catalog)).map((name) => catalog[name]!);
  const services = patterns.flatMap((pattern) => pattern.services);
  const apps = patterns.flatMap((pattern) => pattern.app ?? []);

  await listen(createHttp2Server(createEndpointHandler({ services })), "PORT", 9080);
  if (apps.length > 0) await listen(createServer(serveApps(apps)), "APP_PORT", 5050);
}

function usage(): string {
  const patterns = Object.entries(catalog).map(([name, { external = [], environment = {} }]) => {
    const access = external.flatMap((system) => [
      [externalSetting(system), `the address of the system "${system}"`],
      [externalSecretSetting(system), "what it wants to be shown, if it wants anything"],
    ]);
    const settings = [...access, ...Object.entries(environment)];
    return [`  ${name}`, ...settings.map(([setting, meaning]) => `      ${setting}  ${meaning}`)].join("\n");
  });
  return ["node src/serve.ts [pattern...]", "", "patterns, and the settings that they read:", ...patterns].join("\n");
}

async function listen(server: Server | Http2Server, setting: string, fallback: number): Promise<void> {
  const wanted = port(setting, fallback);
  const host = process.env.HOST ?? "0.0.0.0";
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new Error(`cannot listen on ${setting} ${wanted}: ${error.message}`)));
    server.listen(wanted, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address ? address.port : wanted;
  console.log(`${setting === "PORT" ? "Restate services" : "front apps"} on port ${bound}`);
}

/** Several apps share a port: a request goes to the first one that knows its path. */
function serveApps(apps: App[]) {
  return async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const answer = await answerWith(apps, incoming).catch(() => new Response("internal error", { status: 500 }));
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    outgoing.end(await answer.text());
  };
}

async function answerWith(apps: App[], incoming: IncomingMessage): Promise<Response> {
  const method = incoming.method ?? "GET";
  const body = method === "GET" || method === "HEAD" ? null : await text(incoming);
  const headers = new Headers(
    Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    ),
  );
  let answer = new Response("not found", { status: 404 });
  for (const app of apps) {
    answer = await app(new Request(new URL(incoming.url ?? "/", "http://front"), { method, headers, body }));
    if (answer.status !== 404) break;
  }
  return answer;
}

if (import.meta.main) {
  main(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
}
