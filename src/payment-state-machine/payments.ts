import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { tokenExpiry } from "../shared/configuration.ts";
import { Id } from "../shared/id.ts";
import { untilSettled } from "../shared/until-settled.ts";
import { Amount, accounts, INSUFFICIENT_FUNDS } from "./accounts.ts";

const PaymentRequest = z.object({ accountId: Id, amount: Amount });

/**
 * A payment, keyed by its id. It can be asked for and cancelled any number of times and in any order, and moves money
 * at most once in its life. A cancellation that overtakes its payment is remembered and refuses it. An id is forgotten
 * (`expireToken`) an hour after its first use, and may then begin a new life.
 */
export const payments = restate.object({
  name: "payments",
  handlers: {
    makePayment: restate.handlers.object.exclusive(
      { input: restate.serde.schema(PaymentRequest) },
      async (ctx: restate.ObjectContext<PaymentState>, request: z.infer<typeof PaymentRequest>): Promise<Answer> => {
        const status = await ctx.get("status");
        if (status) return { status: status === "COMPLETED" ? "completed" : "cancelled" };

        const { accountId, amount } = request;
        try {
          // the money may have moved although this invocation was cancelled: what happened is learned and recorded
          await untilSettled(ctx.objectClient(accounts, accountId).withdraw(amount));
        } catch (error) {
          // nothing moved and nothing is recorded: the payment may be tried again
          if (error instanceof restate.TerminalError && error.code === INSUFFICIENT_FUNDS) {
            return { status: "insufficient_funds" };
          }
          throw error;
        }
        beginLife(ctx);
        ctx.set("payment", { accountId, amountCents: amount });
        ctx.set("status", "COMPLETED");
        return { status: "completed" };
      },
    ),

    cancelPayment: async (ctx: restate.ObjectContext<PaymentState>): Promise<Answer> => {
      const status = await ctx.get("status");
      const payment = await ctx.get("payment");
      // from here on nothing is awaited, so a cancellation of this invocation cannot come in between
      if (!status) beginLife(ctx);
      ctx.set("status", "CANCELLED");
      if (status === "COMPLETED" && payment) {
        ctx.objectSendClient(accounts, payment.accountId).deposit(payment.amountCents);
      }
      return { status: "cancelled" };
    },

    /** Frees the id, and nothing else. */
    expireToken: async (ctx: restate.ObjectContext<PaymentState>): Promise<void> => {
      const life = ctx.request().headers.get(LIFE);
      // an id that was freed early is not freed again, in its next life, when its first one would have ended
      if (life !== undefined && life !== (await ctx.get("life"))) return;
      ctx.clear("life");
      ctx.clear("status");
      ctx.clear("payment");
    },
  },
});

type PaymentState = {
  /** the invocation that used the id first */
  life: string;
  status: "COMPLETED" | "CANCELLED";
  payment: { accountId: string; amountCents: number };
};
type Answer = { status: "completed" | "cancelled" | "insufficient_funds" };

/** The header that says which life of the id an expiry is to end. */
const LIFE = "payment-life";

/** To be called once in the life of an id, before it takes its first status. */
function beginLife(ctx: restate.ObjectContext<PaymentState>): void {
  const life = ctx.request().id;
  ctx.set("life", life);
  const expiry = restate.rpc.sendOpts({ delay: tokenExpiry(), headers: { [LIFE]: life } });
  ctx.objectSendClient(payments, ctx.key).expireToken(expiry);
}
