import Stripe from "stripe";
import { expect, test } from "vitest";
import { stripeClient } from "../../../src/external/stripe.ts";
import {
  FORGERIES,
  forgedDelivery,
  INVOICE_EVENTS,
  invoiceObject,
  PAYMENT_INTENT_EVENTS,
  signedDelivery,
  stripeEvent,
} from "./index.ts";

const SECRET = "whsec_1";
const NOW = 1_700_000_000;
const event = stripeEvent({
  id: "evt_1",
  type: "invoice.payment_failed",
  object: invoiceObject({ id: "in_1", amount: 700 }),
  created: NOW,
});
const { webhooks } = stripeClient();

/** As a receiver does it at a moment, in seconds. */
const received = ({ headers, body }: ReturnType<typeof signedDelivery>, secret: string, at = NOW) =>
  webhooks.constructEvent(body, headers["stripe-signature"] ?? "", secret, 300, undefined, at * 1000);

test("the official client accepts what is signed, and reads what was told", () => {
  expect(received(signedDelivery(event, [SECRET], NOW), SECRET)).toEqual(event);
});

test("it is what the client itself would sign", () => {
  const { headers, body } = signedDelivery(event, [SECRET], NOW);
  const theirs = webhooks.generateTestHeaderString({ payload: body, secret: SECRET, timestamp: NOW });
  expect(headers["stripe-signature"]).toBe(theirs);
});

test("while a secret is rolled, both are good", () => {
  const delivery = signedDelivery(event, ["whsec_old", "whsec_new"], NOW);
  expect(received(delivery, "whsec_old")).toEqual(event);
  expect(received(delivery, "whsec_new")).toEqual(event);
});

test.each([
  ["forged", () => received(signedDelivery(event, ["whsec_other"], NOW), SECRET)],
  ["altered", () => received({ ...signedDelivery(event, [SECRET], NOW), body: JSON.stringify(event) }, SECRET)],
  ["stale", () => received(signedDelivery(event, [SECRET], NOW), SECRET, NOW + 301)],
  ["unsigned", () => received(signedDelivery(event, [], NOW), SECRET)],
])("what is %s is refused", (_, receive) => {
  expect(receive).toThrow(Stripe.errors.StripeSignatureVerificationError);
});

test.each(FORGERIES)("what is forged is refused: %s", (forgery) => {
  const told = stripeEvent({ id: "evt_2", type: "invoice.created", object: {}, created: NOW });
  const delivery = forgedDelivery(forgery, event, { secret: SECRET, told, timestamp: NOW });
  expect(() => received(delivery, SECRET)).toThrow(Stripe.errors.StripeSignatureVerificationError);
  // a forger says what he wants to say
  expect(JSON.parse(delivery.body)).toEqual(event);
});

test("an event that is delivered again, later, is the same event with a signature of its own", () => {
  const [first, second] = [signedDelivery(event, [SECRET], NOW), signedDelivery(event, [SECRET], NOW + 3600)];
  expect(second.body).toBe(first.body);
  expect(second.headers).not.toEqual(first.headers);
  expect(received(second, SECRET, NOW + 3600)).toEqual(event);
});

test.each([...PAYMENT_INTENT_EVENTS, ...INVOICE_EVENTS])("%s is a type of event that the client knows", (type) => {
  // the compiler checks the name: an unknown one is no member of the union
  const known: Stripe.Event["type"] = type;
  expect(received(signedDelivery({ ...event, type: known }, [SECRET], NOW), SECRET).type).toBe(type);
});

test.each(["", "__proto__", "a/b c", "\ud800"])("the id of an invoice is any text: %j", (id) => {
  expect(invoiceObject({ id }).id).toBe(id);
});
