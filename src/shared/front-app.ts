import { TerminalError } from "@restatedev/restate-sdk";
import type { Context } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { Hono } from "hono/quick";
import { z } from "zod";
import { NoAnswer } from "./ingress.ts";
import { readSpelled } from "./spelling.ts";

export type FrontApp = (request: Request) => Promise<Response>;

/**
 * An HTTP app in front of Restate. A definite failure of what a route does, a `TerminalError`, is answered with its own
 * status and message; 503 says that Restate gave no answer.
 *
 * @param addRoutes adds the routes, which are all that the app knows
 */
export function frontApp(addRoutes: (app: Hono) => void): FrontApp {
  // made at the first request, and by a router that is quick to make: simulated processes start, and die, in every case
  let app: Hono | undefined;
  return async (request) => {
    app ??= make(addRoutes);
    return app.fetch(request);
  };
}

function make(addRoutes: (app: Hono) => void): Hono {
  // segments come as they were written: Hono would take escapes that make no sense for text
  const app = new Hono({ getPath: (request) => new URL(request.url).pathname.replaceAll("%", "%25") });
  const onlyRoutes = () => `there is only ${app.routes.filter(isRoute).map(nameOf).join(" and ")}`;
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (_, allowed) => refuse(405, onlyRoutes(), { allow: allowed.join(", ") }),
    }),
  );
  app.notFound(() => refuse(404, onlyRoutes()));
  app.onError((error) => {
    if (error instanceof TerminalError) return refuse(error.code, error.message);
    if (error instanceof NoAnswer)
      return refuse(503, `${error.message}: what became of the request is open; ask again`);
    console.error(error);
    return refuse(500, "internal error");
  });
  addRoutes(app);
  return app;
}

/**
 * The id that a segment of the request's path spells.
 * @throws a `TerminalError` that names the segment when it spells none
 */
export function idIn(c: Context, name: string): string {
  const segment = c.req.param(name) ?? "";
  try {
    return readSpelled(segment);
  } catch {
    throw badInput(`${name}: the escapes of ${segment} make no sense`);
  }
}

/**
 * The request's body.
 * @throws a `TerminalError` that says what is wrong when it is not JSON, or not of that form
 */
export async function bodyOf<T>(c: Context, Form: z.ZodType<T>): Promise<T> {
  const body: unknown = await c.req.json().catch(() => {
    throw badInput("the body is not JSON");
  });
  const { success, data, error } = Form.safeParse(body);
  if (!success) throw badInput(z.prettifyError(error));
  return data;
}

const badInput = (message: string): TerminalError => new TerminalError(message, { errorCode: 400 });

function refuse(status: number, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ message }, { status, headers });
}

type Route = Hono["routes"][number];
const isRoute = ({ method }: Route): boolean => method !== "ALL";
const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
