import type { IncomingMessage, ServerResponse } from "node:http";
import inject from "light-my-request";

/** What Express, Connect, Koa's callback and node:http call a request listener. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * A front app that is written for node:http, such as one of Express, as the catalog of a subject wants it. No server
 * listens, and no socket is opened.
 *
 *     export const catalog = { "durable-rpc": { services, app: expressApp(app) } };
 */
export function expressApp(listener: RequestListener): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const payload = request.body === null ? undefined : await request.text();
    const answer = await inject(dispatch(listener), {
      method: request.method as "GET",
      url: `${pathname}${search}`,
      headers: Object.fromEntries(request.headers),
      ...(payload !== undefined && { payload }),
    });
    const headers = new Headers();
    for (const [name, value] of Object.entries(answer.headers))
      for (const one of Array.isArray(value) ? value : [value])
        if (one !== undefined) headers.append(name, String(one));
    const isEmpty = answer.statusCode === 204 || answer.statusCode === 304;
    return new Response(isEmpty ? null : answer.body, { status: answer.statusCode, headers });
  };
}

/**
 * Hands a request to the listener. Its response is without a date of node:http's own making, for which a real timer is kept;
 * and Express, which gives it another prototype, does not take away from it what collects the answer.
 */
const dispatch =
  (listener: RequestListener): Parameters<typeof inject>[0] =>
  (incoming, outgoing) => {
    outgoing.sendDate = false;
    const { write, end, writeHead } = outgoing;
    Object.assign(outgoing, { write, end, writeHead });
    listener(incoming, outgoing);
  };
