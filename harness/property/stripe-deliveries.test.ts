import Stripe from "stripe";
import { expect, test } from "vitest";
import { z } from "zod";
import { FORGERIES, stripeEvent, type Webhook } from "../world/index.ts";
import { stripeDeliveries, subjectOf } from "./stripe-deliveries.ts";

const [SECRET, NOW] = ["whsec_1", 1_700_000_000_900];
const { signed, webhook, redeliver, forge } = stripeDeliveries({
  call: "shop/hear",
  secret: SECRET,
  types: ["invoice.paid"],
  answer: z.null(),
});
const told = ["evt_1", "evt_2"].map((id): Webhook => {
  const content = stripeEvent({ id, type: "invoice.created", object: { id: `in_${id}` }, created: 0 });
  return { system: "stripe", id, type: "invoice.created", about: "in_1", content };
});
const context = { now: NOW, webhooks: told };

/** As a receiver reads it at this time. @throws what it refuses */
function received({ headers = {}, body = "" }: { headers?: Record<string, string>; body?: string }, now = NOW) {
  return Stripe.webhooks.constructEvent(body, headers["stripe-signature"] ?? "", SECRET, 300, undefined, now);
}

test("what Stripe tells is signed when it is delivered", () => {
  const [first] = told;
  expect(received(webhook.definition.request({ ...first }, undefined, context))).toEqual(first?.content);
  expect(received(signed(null, NOW, { age: 300 }))).toBeNull();
});

test("what was told is told again, from the latest on backwards, with any of the secrets", () => {
  const again = (back: number, age = 0) =>
    redeliver.definition.request({ back, age, secrets: ["whsec_old", SECRET] }, undefined, context);
  expect([0, 1, 2].map((back) => received(again(back)).id)).toEqual(["evt_2", "evt_1", "evt_2"]);
  expect(received(again(0, 300)).id).toBe("evt_2");
  expect(() => received(again(0, 300), NOW + 100)).toThrow("tolerance");
});

test.each(FORGERIES)("a forger tells of what was told what was not, and is refused: %s", (forgery) => {
  const request = forge.definition.request({ forgery, type: "invoice.paid", back: 1 }, undefined, context);
  expect(() => received(request)).toThrow(Stripe.errors.StripeSignatureVerificationError);
  const event = JSON.parse(request.body ?? "");
  expect([event.type, subjectOf(event)]).toEqual(["invoice.paid", { id: "in_evt_1" }]);
});

test("where nothing was told yet there is something all the same, which nobody waits for", () => {
  const request = redeliver.definition.request({ back: 3, age: 0, secrets: [SECRET] });
  expect(JSON.parse(request.body ?? "")).toMatchObject({ type: "customer.created", data: { object: {} } });
});
