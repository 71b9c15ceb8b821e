import Stripe from "stripe";
import { externalSecret, externalUrl } from "../shared/configuration.ts";

/**
 * The official client of Stripe, at STRIPE_URL with the secret key STRIPE_SECRET. It goes through the global `fetch` of the
 * moment. It repeats nothing by itself but once a request whose connection was closed: repeating is for `ctx.run`, so give
 * every change an idempotency key of your own.
 */
export function stripeClient(): Stripe {
  const { hostname, port, protocol, pathname } = new URL(externalUrl("stripe"));
  const isPlain = protocol === "http:";
  // the client takes a host and no path
  const below = async (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input);
    url.pathname = pathname.replace(/\/$/, "") + url.pathname;
    return answerOfStripe(await fetch(url, init));
  };
  return new Stripe(externalSecret("stripe", "sk_test_stormproof"), {
    host: hostname,
    port: port === "" ? (isPlain ? 80 : 443) : Number(port),
    protocol: isPlain ? "http" : "https",
    httpClient: Stripe.createFetchHttpClient(below),
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

/**
 * The client looks at the body of an answer and not at its status: it takes the 503 of a gateway for what it asked for, if
 * that is JSON. Only Stripe's own errors are for the client, any other is as if there were no answer.
 */
async function answerOfStripe(response: Response): Promise<Response> {
  if (response.ok) return response;
  const text = await response.clone().text();
  if (!isErrorOfStripe(text)) throw new Error(`no answer of Stripe's, but ${response.status} ${text}`);
  return response;
}

function isErrorOfStripe(text: string): boolean {
  try {
    const { error } = JSON.parse(text);
    return typeof error === "object" && error !== null;
  } catch {
    return false;
  }
}
