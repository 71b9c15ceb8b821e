import * as restate from "@restatedev/restate-sdk";
import { verifiedEvent } from "../external/stripe-webhook.ts";
import { externalRetries } from "../shared/configuration.ts";
import { untilSettled } from "../shared/until-settled.ts";
import { charge, Payment, type Settled, takeBack } from "./intents.ts";
import { type Settlement, settlementIn } from "./settlement.ts";

type Receipt = { paymentIntentId: string; status: "succeeded" };

/**
 * Pays, in one function, whichever way Stripe tells the end: in its answer at once, or by a webhook minutes or days later.
 * The payment intent carries the id of an awakeable, and the webhook's handler resolves it: that may come before the answer,
 * again and again, and while this invocation is nowhere in memory.
 */
async function processPayment(ctx: restate.Context, payment: Payment): Promise<Receipt> {
  const webhook = ctx.awakeable<Settlement>();
  const mark = { key: ctx.rand.uuidv4(), callback: webhook.id, since: await ctx.date.now() };
  const charged = ctx.run("charge", () => charge(payment, mark), externalRetries());

  /** The end of the payment. @param waiting how what is under way is awaited */
  const end = async (waiting: <T>(promise: restate.RestatePromise<T>) => Promise<T>): Promise<Settled> => {
    const answer = await waiting(charged);
    return answer.status === "processing" ? { ...(await waiting(webhook.promise)), id: answer.id } : answer;
  };
  let cancellation: restate.CancelledError | undefined;
  const settled = await end(async (promise) => promise).catch((error) => {
    if (!(error instanceof restate.CancelledError)) throw error;
    cancellation = error;
    // the charge may be on its way: nothing can be taken back before it has ended
    return end(untilSettled);
  });
  if (settled.status === "succeeded" && !cancellation) return { paymentIntentId: settled.id, status: settled.status };

  // who is told that a payment failed pays anew: this one must not be paid any more, with another payment method either
  const { id } = settled;
  if (id !== undefined) await untilSettled(ctx.run("take back", () => takeBack(id), externalRetries()));
  if (settled.status === "failed" && !cancellation)
    throw new restate.TerminalError(settled.reason, { errorCode: settled.code });
  throw cancellation;
}

/** Takes what Stripe tells. All that is none of ours is acknowledged as well: else it would come again for days. */
async function processWebhook(ctx: restate.Context, body: Uint8Array): Promise<{ received: true }> {
  const told = settlementIn(await verifiedEvent(ctx, body));
  if (told) ctx.resolveAwakeable(told.callback, told.settlement);
  return { received: true };
}

export const stripePayments = restate.service({
  name: "stripePayments",
  handlers: {
    processPayment: restate.handlers.handler({ input: restate.serde.schema(Payment) }, processPayment),
    processWebhook: restate.handlers.handler({ accept: "*/*", input: restate.serde.binary }, processWebhook),
  },
});
