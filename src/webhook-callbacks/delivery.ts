import { TerminalError } from "@restatedev/restate-sdk";
import { stripeClient } from "../external/stripe.ts";
import { webhookSecret, webhookTolerance } from "../shared/configuration.ts";

/**
 * The content of a delivery, once its signature is found to be Stripe's, made for this very body and not long ago.
 * @throws a `TerminalError` when it is not
 */
export function verifiedEvent(body: Uint8Array, signature: string | undefined): unknown {
  const { webhooks } = stripeClient();
  const [secret, tolerance] = [webhookSecret(), webhookTolerance()];
  try {
    return webhooks.constructEvent(body as Buffer, signature ?? "", secret, tolerance);
  } catch (error) {
    // the same delivery would be refused again, whatever is the matter with it
    const reason = error instanceof Error ? error.message : String(error);
    throw new TerminalError(`Stripe-Signature, or the body that it is for: ${reason}`, { errorCode: 400 });
  }
}
