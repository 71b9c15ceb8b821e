import * as restate from "@restatedev/restate-sdk";
import { paymentTracker } from "../scheduled-tasks/payment-tracker.ts";
import { verifiedEvent } from "./delivery.ts";
import { InvoiceEvent, isRouted, read, StripeEvent } from "./stripe-event.ts";

/**
 * Takes what Stripe tells. A delivery that is answered with success is durable: its event reaches the tracker of its invoice,
 * which knows the events that it has seen. Stripe delivers again what is not answered so.
 */
export const webhookCallbackRouter = restate.service({
  name: "webhookCallbackRouter",
  handlers: {
    onStripeEvent: restate.handlers.handler(
      // raw: the signature is for these very bytes
      { input: restate.serde.binary, accept: "*/*" },
      async (ctx: restate.Context, body: Uint8Array): Promise<void> => {
        const signature = ctx.request().headers.get("stripe-signature");
        // judged once, with the time and the secret of that moment: a later attempt does not refuse what was accepted
        const content = await ctx.run("verify", () => verifiedEvent(body, signature));
        // from here on nothing is awaited, so a cancellation of this invocation cannot come in between
        if (!isRouted(read(StripeEvent, content).type)) return;
        const event = read(InvoiceEvent, content);
        const tracker = ctx.objectSendClient(paymentTracker, event.data.object.id);
        // one way: while a mail is being sent, the tracker lets nobody else in, and Stripe does not wait long
        if (event.type === "invoice.payment_failed") tracker.onPaymentFailure(event);
        else tracker.onPaymentSuccess(event);
      },
    ),
  },
});
