import Stripe from "stripe";
import { z } from "zod";
import { failureToRetry, isTransient } from "../external/http.ts";
import { stripeClient } from "../external/stripe.ts";
import { CALLBACK, type Failed, notPaid } from "./settlement.ts";

const AMOUNT = "amount must be a whole number of cents, at least 50, which is the least that Stripe takes";

export const Payment = z.object({
  paymentMethodId: z.string().min(1),
  amount: z.int(AMOUNT).min(50, AMOUNT),
  /**
   * For trying out, with a double of Stripe: the answer is `processing`, and the end is told by a webhook. A status says which
   * end it is; `true` leaves it to the payment method.
   */
  delayedStatus: z.union([z.boolean(), z.enum(["succeeded", "requires_payment_method", "canceled"])]).optional(),
});
export type Payment = z.infer<typeof Payment>;

/** What became of a charge, as far as it is known. One that failed may have left no payment intent. */
export type Charge = { status: "processing"; id: string } | Settled;
export type Settled = { status: "succeeded"; id: string } | (Failed & { id?: string });

/** How the charge of one payment is known at Stripe. */
export interface Mark {
  /** the idempotency key: the same in all attempts */
  key: string;
  /** the awakeable that waits for the end */
  callback: string;
  /** when it was first tried, in milliseconds */
  since: number;
}

/** How far the clocks of Stripe and of the service may be apart. */
const CLOCK_SKEW_MS = 10 * 60_000;

/**
 * Charges, in one step. To be called in `ctx.run`: what Stripe refuses is an end as any other, and whatever leaves it open
 * what became of the charge is thrown, for it to be tried again with the same key.
 */
export async function charge(payment: Payment, mark: Mark): Promise<Charge> {
  const { paymentMethodId, amount, delayedStatus } = payment;
  const parameters: Stripe.PaymentIntentCreateParams = {
    amount,
    currency: "usd",
    payment_method: paymentMethodId,
    confirm: true,
    automatic_payment_methods: { enabled: true, allow_redirects: "never" },
    metadata: {
      [CALLBACK]: mark.callback,
      ...(delayedStatus !== undefined && delayedStatus !== false && { delayed_status: String(delayedStatus) }),
    },
  };
  try {
    return chargeOf(await stripeClient().paymentIntents.create(parameters, { idempotencyKey: mark.key }));
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    // Stripe has failed, and will only ever repeat that under this key; whether it has charged stands in its books
    if (isStoredFailure(error)) return chargeOf(await lookUp(mark));
    if (isOfTheMoment(error)) throw failureToRetry(error.message, error.headers?.["retry-after"] ?? null);
    const { payment_intent: intent, message, statusCode = 400 } = error;
    return { ...(intent && { id: intent.id }), status: "failed", code: statusCode, reason: message };
  }
}

/** The intent with this mark, if there is one. Not by a search, which may be a minute behind. */
async function lookUp({ callback, since }: Mark): Promise<Stripe.PaymentIntent | undefined> {
  const created = { gte: Math.floor((since - CLOCK_SKEW_MS) / 1000) };
  for await (const intent of stripeClient().paymentIntents.list({ created, limit: 100 })) {
    if (intent.metadata[CALLBACK] === callback) return intent;
  }
  return undefined;
}

function chargeOf(intent: Stripe.PaymentIntent | undefined): Charge {
  const failed = { status: "failed", code: 500, reason: "Stripe failed, and has charged nothing" } as const;
  if (!intent) return failed;
  const { id, status } = intent;
  if (status === "processing") return { id, status: "processing" };
  if (status === "succeeded") return { id, status: "succeeded" };
  if (status === "requires_confirmation") return { id, ...failed };
  return { id, ...notPaid(intent.last_payment_error?.message ?? `the payment is ${status}`) };
}

/**
 * Sees to it that no money is kept, nor will be: cancels the intent, or gives the money back. To be called in `ctx.run`
 * until it succeeds.
 *
 * It needs no idempotency key. An intent is cancelled once, and refunded once as a whole; and with a key a failure of
 * Stripe's would be repeated for ever.
 */
export async function takeBack(id: string): Promise<void> {
  const stripe = stripeClient();
  // what was told of it may have been overtaken
  const { status } = await stripe.paymentIntents.retrieve(id);
  if (status === "canceled") return;
  if (status === "succeeded") await stripe.refunds.create({ payment_intent: id }).catch(unlessRefunded);
  else await stripe.paymentIntents.cancel(id);
}

function unlessRefunded(error: unknown): void {
  if (!(error instanceof Stripe.errors.StripeError) || error.code !== "charge_already_refunded") throw error;
}

/** Whether the failure is the answer under its key from now on. */
const isStoredFailure = ({ statusCode = 0, headers = {} }: Stripe.errors.StripeError): boolean =>
  statusCode >= 500 && (headers["stripe-should-retry"] === "false" || headers["idempotent-replayed"] === "true");

/** Whether the same request may have another answer later: there was none, or Stripe is busy, with this very key perhaps. */
const isOfTheMoment = ({ statusCode, code }: Stripe.errors.StripeError): boolean =>
  statusCode === undefined || isTransient(statusCode) || code === "idempotency_key_in_use";
