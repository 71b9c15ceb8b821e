import type { Json } from "../../plan/index.ts";

/** How a charge ends. */
export type ChargeOutcome =
  | { status: "succeeded" }
  | { status: "declined"; code: string; declineCode?: string; message: string };

export interface TestPaymentMethod {
  type: "card" | "us_bank_account";
  outcome: ChargeOutcome;
  /** the answer is `processing` first */
  isDelayed?: boolean;
  /** Stripe itself fails with 500, before the charge or after it */
  fails?: "before" | "after";
}

/** Stripe's server fails once the intent is created: it is there, and was not charged. Not a method that Stripe has. */
export const FAILS_BEFORE_CHARGE = "pm_card_visa_failsBeforeCharge";
/** Stripe's server fails once the intent is charged: it is there, and the money is gone. Not a method that Stripe has. */
export const FAILS_AFTER_CHARGE = "pm_card_visa_failsAfterCharge";

const succeeds: ChargeOutcome = { status: "succeeded" };
const declined = (code: string, message: string, declineCode?: string): ChargeOutcome => ({
  status: "declined",
  code,
  message,
  ...(declineCode !== undefined && { declineCode }),
});
const card = (outcome: ChargeOutcome = succeeds): TestPaymentMethod => ({ type: "card", outcome });
const bank = (outcome: ChargeOutcome = succeeds): TestPaymentMethod => ({
  type: "us_bank_account",
  outcome,
  isDelayed: true,
});
const genericDecline = declined("card_declined", "Your card was declined.", "generic_decline");

/** Stripe's own test payment methods, by their names, and two of ours. */
const METHODS = new Map<string, TestPaymentMethod>([
  ["pm_card_visa", card()],
  ["pm_card_visa_debit", card()],
  ["pm_card_mastercard", card()],
  ["pm_card_amex", card()],
  ["pm_card_chargeDeclined", card(genericDecline)],
  ["pm_card_visa_chargeDeclined", card(genericDecline)],
  [
    "pm_card_visa_chargeDeclinedInsufficientFunds",
    card(declined("card_declined", "Your card has insufficient funds.", "insufficient_funds")),
  ],
  ["pm_card_chargeDeclinedExpiredCard", card(declined("expired_card", "Your card has expired.", "expired_card"))],
  ["pm_usBankAccount_success", bank()],
  [
    "pm_usBankAccount_insufficientFunds",
    bank(
      declined(
        "payment_method_customer_decline",
        "The customer's bank account has insufficient funds.",
        "insufficient_funds",
      ),
    ),
  ],
  [FAILS_BEFORE_CHARGE, { ...card(), fails: "before" }],
  [FAILS_AFTER_CHARGE, { ...card(), fails: "after" }],
]);

export const testPaymentMethod = (id: string): TestPaymentMethod | undefined => METHODS.get(id);

const DETAILS = {
  card: {
    brand: "visa",
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
    country: "US",
    display_brand: "visa",
    exp_month: 8,
    exp_year: 2030,
    fingerprint: "AOB934RVNwzk6xtn",
    funding: "credit",
    generated_from: null,
    last4: "4242",
    networks: { available: ["visa"], preferred: null },
    regulated_status: null,
    three_d_secure_usage: { supported: true },
    wallet: null,
  },
  us_bank_account: {
    account_holder_type: "individual",
    account_type: "checking",
    bank_name: "STRIPE TEST BANK",
    financial_connections_account: null,
    fingerprint: "AOB934RVNwzk6xtn",
    last4: "6789",
    networks: { preferred: "ach", supported: ["ach"] },
    routing_number: "110000000",
    status_details: {},
  },
};

/** A payment method as it stands in the error of a payment. */
export function paymentMethodObject(id: string): { [name: string]: Json } {
  const type = testPaymentMethod(id)?.type ?? "card";
  const address = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
  return {
    id,
    object: "payment_method",
    allow_redisplay: "unspecified",
    billing_details: { address, email: null, name: null, phone: null, tax_id: null },
    created: 0,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type,
    [type]: DETAILS[type],
  };
}
