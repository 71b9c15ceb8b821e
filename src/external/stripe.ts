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
  const below = (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input);
    url.pathname = pathname.replace(/\/$/, "") + url.pathname;
    return fetch(url, init);
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
