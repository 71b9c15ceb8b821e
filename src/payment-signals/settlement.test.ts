import { expect, test } from "vitest";
import { CALLBACK, notPaid, settlementIn } from "./settlement.ts";

const callback = `sign_1${"A".repeat(36)}EQ`;
const event = (type: string, more = {}) => ({
  type: `payment_intent.${type}`,
  data: { object: { status: "requires_payment_method", metadata: { [CALLBACK]: callback }, ...more } },
});

test.each([
  [event("succeeded"), { status: "succeeded" }],
  [event("canceled"), notPaid("the payment was canceled")],
  [
    event("payment_failed", { last_payment_error: { message: "Your card was declined." } }),
    notPaid("Your card was declined."),
  ],
  [event("payment_failed", { last_payment_error: null }), notPaid("the payment was declined")],
])("an end is told: %j", (told, settlement) => {
  expect(settlementIn(told)).toEqual({ callback, settlement });
});

test.each([
  event("created"),
  event("processing"),
  event("requires_action"),
  event("succeeded", { metadata: { [CALLBACK]: "none" } }),
  event("succeeded", { metadata: {} }),
  event("succeeded", { metadata: null }),
  { type: "payment_intent.succeeded", data: { object: null } },
  { type: "payment_intent.succeeded" },
  null,
  7,
])("there is no end of ours in %j", (told) => {
  expect(settlementIn(told)).toBeUndefined();
});
