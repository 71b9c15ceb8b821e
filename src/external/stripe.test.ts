import Stripe from "stripe";
import { afterEach, expect, test, vi } from "vitest";
import { stripeClient } from "./stripe.ts";

afterEach(() => vi.unstubAllGlobals());

const answered = (status: number, body: string) => {
  vi.stubGlobal("fetch", async () => new Response(body, { status }));
  return stripeClient().paymentIntents.retrieve("pi_1");
};

test.each(['{"message": "unavailable"}', "<html>unavailable</html>", "null", '{"error": "busy"}'])(
  "a gateway's answer is none: 503 %s",
  async (body) => {
    await expect(answered(503, body)).rejects.toThrow(Stripe.errors.StripeConnectionError);
  },
);

test("an error of Stripe's own is told with all that it says", async () => {
  const error = { type: "card_error", code: "card_declined", message: "Your card was declined." };
  const told = answered(402, JSON.stringify({ error }));
  await expect(told).rejects.toMatchObject({ statusCode: 402, code: "card_declined", message: error.message });
});

test("a success is what was asked for", async () => {
  expect(await answered(200, '{"id": "pi_1"}')).toMatchObject({ id: "pi_1" });
});
