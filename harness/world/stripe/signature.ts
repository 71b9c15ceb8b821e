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
