import * as restate from "@restatedev/restate-sdk";
import { alerts } from "../external/alerts.ts";
import { endOnRefusal } from "../external/end-on-refusal.ts";
import { mail } from "../external/mail.ts";
import { billingAddress, externalRetries, reminderInterval } from "../shared/configuration.ts";
import { spell } from "../shared/spelling.ts";
import { untilSettled } from "../shared/until-settled.ts";
import { PaymentEvent } from "./payment-event.ts";

const REMINDERS = 3;

/**
 * Follows the payment of one invoice, the object's key. The first failure begins a chain of delayed calls of the object to
 * itself: three reminders, an interval apart, and then an escalation. Success ends it, for good.
 */
export const paymentTracker = restate.object({
  name: "paymentTracker",
  handlers: {
    /** Only writes down what is to be done: whoever reports a failure need not wait until a mail could be sent. */
    onPaymentFailure: restate.handlers.object.exclusive(
      { input: restate.serde.schema(PaymentEvent) },
      async (ctx: restate.ObjectContext<TrackerState>, { id, data }: PaymentEvent): Promise<void> => {
        const isKnown = await ctx.get(`event/${id}`);
        const isOver = (await ctx.get("closed")) ?? (await ctx.get("chain"));
        // from here on nothing is awaited, so a cancellation of this invocation cannot come in between
        if (isKnown) return;
        ctx.set(`event/${id}`, true);
        if (isOver) return;
        ctx.set("chain", { event: id, to: data.object.customer_email ?? billingAddress() });
        ctx.objectSendClient(paymentTracker, ctx.key).remind(id);
      },
    ),

    onPaymentSuccess: restate.handlers.object.exclusive(
      { input: restate.serde.schema(PaymentEvent) },
      async (ctx: restate.ObjectContext<TrackerState>, _: PaymentEvent): Promise<void> => {
        // the call that is due next finds it, and is the last one
        ctx.set("closed", "paid");
      },
    ),

    /** Takes the next step of the chain that this failure began. Only the object itself may say when that is due. */
    remind: restate.handlers.object.exclusive(
      { ingressPrivate: true },
      async (ctx: restate.ObjectContext<TrackerState>, event: string): Promise<void> => {
        const chain = await ctx.get("chain");
        if ((await ctx.get("closed")) || chain?.event !== event) return;
        const sent = (await ctx.get("reminders")) ?? 0;
        try {
          if (sent === REMINDERS) {
            await escalate(ctx, chain);
            ctx.set("closed", "escalated");
            return;
          }
          await sendReminder(ctx, chain, sent + 1);
        } catch (error) {
          // refused for good: the chain ends here, and another failure, perhaps with another address, takes it up again
          if (error instanceof restate.TerminalError) ctx.clear("chain");
          throw error;
        }
        ctx.set("reminders", sent + 1);
        // the interval begins when the mail has been sent, however long that took
        ctx
          .objectSendClient(paymentTracker, ctx.key)
          .remind(event, restate.rpc.sendOpts({ delay: reminderInterval() }));
      },
    ),
  },
});

/** The failure that began the chain, and whom it reminds. */
type Chain = { event: string; to: string };
type TrackerState = {
  /** while it goes on: then one call of `remind`, and no more, is under way or due */
  chain: Chain;
  /** how many were sent */
  reminders: number;
  /** nothing is begun any more */
  closed: "paid" | "escalated";
  /** failures that were taken note of, for ever: a delivery can be repeated after any time */
  [event: `event/${string}`]: true;
};

const sendReminder = (
  ctx: restate.ObjectContext<TrackerState>,
  { event, to }: Chain,
  number: number,
): Promise<unknown> => {
  const subject = `Reminder ${number} of ${REMINDERS}`;
  const text = `The payment of invoice ${ctx.key} failed. Please see to it that it can be made.`;
  return step(ctx, `reminder ${number}`, event, (tag) => mail.send({ to, subject, text }, tag));
};

const escalate = (ctx: restate.ObjectContext<TrackerState>, { event }: Chain): Promise<unknown> => {
  const summary = `Invoice ${ctx.key} is still unpaid after ${REMINDERS} reminders`;
  return step(ctx, "escalation", event, (tag) => alerts.raise(summary, tag));
};

/** Carried through however often the invocation is cancelled: a chain that broke off would not be missed by anybody. */
function step(
  ctx: restate.ObjectContext<TrackerState>,
  name: string,
  event: string,
  action: (tag: { key: string; reference: string }) => Promise<unknown>,
): Promise<unknown> {
  // a refusal is remembered under its key, so another event has another one
  const tag = { key: `${spell(ctx.key)}/${spell(event)}/${name}`, reference: ctx.key };
  return untilSettled(ctx.run(name, () => action(tag).catch(endOnRefusal), externalRetries()));
}
