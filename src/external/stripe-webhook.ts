import { type Context, TerminalError } from "@restatedev/restate-sdk";
import Stripe from "stripe";
import { webhookSecret, webhookTolerance } from "../shared/configuration.ts";

/** What is forged, stale or malformed is refused with this code. */
const BAD_REQUEST = 400;
/** A tolerance that lets any age pass. */
const ANY_AGE = 0;

/**
 * The event that a webhook delivers. Whoever knows the address of the handler can call it: nothing may be done for a body
 * before it is known that Stripe has signed it.
 *
 * @param body as it was sent, to the last byte: that is what was signed
 * @throws a `TerminalError` when it is forged, altered, unsigned or stale
 */
export async function verifiedEvent(ctx: Context, body: Uint8Array): Promise<unknown> {
  const header = ctx.request().headers.get("stripe-signature") ?? "";
  read(body, header, ANY_AGE);
  // the age counts at the first attempt: one that is made much later must not refuse what was accepted, and acted upon
  return read(body, header, webhookTolerance(), await ctx.date.now());
}

function read(body: Uint8Array, header: string, toleranceSeconds: number, now?: number): unknown {
  try {
    return Stripe.webhooks.constructEvent(body, header, webhookSecret(), toleranceSeconds, undefined, now);
  } catch (error) {
    // a body that was signed, and is no JSON, will not become any
    if (error instanceof Stripe.errors.StripeSignatureVerificationError || error instanceof SyntaxError)
      throw new TerminalError(`webhook refused: ${error.message}`, { errorCode: BAD_REQUEST });
    throw error;
  }
}
