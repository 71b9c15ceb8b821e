import { createHmac } from "node:crypto";
import type { Json } from "../../plan/index.ts";

export interface Delivery {
  headers: Record<string, string>;
  /** raw: a signature is for these very characters */
  body: string;
}

/**
 * Makes the request by which Stripe delivers an event. It is pure: the same event may be delivered early, late, twice and
 * out of order, each time signed anew.
 *
 * @param secrets the signing secrets of the webhook endpoint; while one is being rolled both are in use, and each signs
 * @param timestamp when it is delivered, in seconds; receivers refuse what is older than their tolerance
 */
export function signedDelivery(event: Json, secrets: readonly string[], timestamp: number): Delivery {
  const body = JSON.stringify(event, null, 2);
  const signatures = secrets.map((secret) => `v1=${signatureOf(body, secret, timestamp)}`);
  return {
    headers: {
      "content-type": "application/json; charset=utf-8",
      "stripe-signature": [`t=${timestamp}`, ...signatures].join(","),
    },
    body,
  };
}

const signatureOf = (body: string, secret: string, timestamp: number): string =>
  createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");

/** Ways to have a receiver believe what Stripe has not told, or has told long ago. */
export const FORGERIES = [
  "signed with another secret",
  "not signed",
  "without a header",
  "with another body",
  "stale",
  "stale with a new time",
] as const;
export type Forgery = (typeof FORGERIES)[number];

/** Older than any receiver should tolerate, in seconds: clocks differ a little. */
const STALE = 310;

/**
 * A delivery of an event that every receiver must refuse.
 *
 * @param secret with which Stripe signs; the forger does not have it, but may have deliveries that were made with it
 * @param told something that Stripe has told
 */
export function forgedDelivery(
  forgery: Forgery,
  event: Json,
  { secret, told, timestamp }: { secret: string; told: Json; timestamp: number },
): Delivery {
  const { body, headers } = signedDelivery(event, [], timestamp);
  const { "stripe-signature": _, ...unsigned } = headers;
  const old = signedDelivery(event, [secret], timestamp - STALE);
  switch (forgery) {
    case "signed with another secret":
      return signedDelivery(event, [`${secret}_other`], timestamp);
    case "not signed":
      return { body, headers };
    case "without a header":
      return { body, headers: unsigned };
    case "with another body":
      return { body, headers: signedDelivery(told, [secret], timestamp).headers };
    case "stale":
      return old;
    case "stale with a new time": {
      const signature = old.headers["stripe-signature"]?.replace(/^t=\d+/, `t=${timestamp}`) ?? "";
      return { body, headers: { ...unsigned, "stripe-signature": signature } };
    }
  }
}
