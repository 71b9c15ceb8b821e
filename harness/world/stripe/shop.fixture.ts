/** A service that uses the official client as the patterns do, for the test of both stacks. */
import * as restate from "@restatedev/restate-sdk";
import { stripeClient } from "../../../src/external/stripe.ts";

const shop = restate.service({
  name: "shop",
  handlers: {
    /** Pays, with the order as the key; each `ctx.run` sees the intent anew. */
    buy: async (ctx: restate.Context, order: string) => {
      const stripe = stripeClient();
      const { id, status } = await ctx.run("pay", () =>
        stripe.paymentIntents
          .create(
            {
              amount: 500,
              currency: "usd",
              payment_method: "pm_card_visa",
              confirm: true,
              return_url: "https://example.org/",
              metadata: { reference: order },
            },
            { idempotencyKey: order },
          )
          .then(({ id, status }) => ({ id, status })),
      );
      const found = await ctx.run("look up", async () => {
        const { data } = await stripe.paymentIntents.search({ query: `metadata['reference']:'${order}'` });
        return data.map((intent) => intent.id);
      });
      return { id, status, found };
    },
    /** Reads a webhook that was signed at the time of the stack's clock. */
    hear: async (ctx: restate.Context, { body, signature }: { body: string; signature: string }) =>
      ctx.run("verify", () => stripeClient().webhooks.constructEvent(body, signature, "whsec_1").type),
  },
});

export const catalog = { shop: { services: [shop], external: ["stripe"] } };
