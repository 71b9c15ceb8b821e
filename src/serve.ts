/**
 * Serves patterns of the catalog: `node src/serve.ts [pattern...]`, all of them when none is named.
 * The Restate services listen on PORT (9080), the front apps on APP_PORT (5050), both at HOST (0.0.0.0).
 */
import { createServer as createHttp2Server } from "node:http2";
import { createAdaptorServer, type ServerType } from "@hono/node-server";
import { createEndpointHandler } from "@restatedev/restate-sdk";
import { catalog, type Pattern } from "./catalog.ts";
import { externalSecretSetting, externalSetting, port } from "./shared/configuration.ts";

async function main(names: string[]): Promise<void> {
  if (names.includes("--help")) return console.log(usage());
  const unknown = names.filter((name) => !Object.hasOwn(catalog, name));
  if (unknown.length > 0) throw new Error(`no such pattern: ${unknown.join(", ")}\n\n${usage()}`);

  const served = Object.entries(catalog).filter(([name]) => names.length === 0 || names.includes(name));
  const patterns = served.map(([, pattern]) => pattern);
  // some are of several patterns
  const services = [...new Set(patterns.flatMap((pattern) => pattern.services))];

  await listen(createHttp2Server(createEndpointHandler({ services })), "PORT", 9080);
  if (patterns.some(({ app }) => app)) {
    await listen(createAdaptorServer({ fetch: frontOf(patterns) }), "APP_PORT", 5050);
  }
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

/** The front apps of several patterns as one: the first segment of a path says whose it is. */
export function frontOf(patterns: Pattern[]): NonNullable<Pattern["app"]> {
  const apps = new Map(patterns.flatMap(({ app, appPath }) => (app && appPath ? [[appPath, app] as const] : [])));
  return async (request) => {
    const [, first] = new URL(request.url).pathname.split("/");
    const app = apps.get(`/${first}`);
    const message = `there is nothing here but ${[...apps.keys()].join(", ")}`;
    return app ? app(request) : Response.json({ message }, { status: 404 });
  };
}

async function listen(server: ServerType, setting: string, fallback: number): Promise<void> {
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

if (import.meta.main) {
  main(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
}
