import type { Json } from "../../plan/index.ts";
import { type ChargeOutcome, paymentMethodObject } from "./payment-methods.ts";

export type Status = "requires_payment_method" | "requires_confirmation" | "processing" | "succeeded" | "canceled";
export type Decline = Extract<ChargeOutcome, { status: "declined" }>;
export type CancellationReason = "abandoned" | "duplicate" | "fraudulent" | "requested_by_customer";

/** A payment intent as the double keeps it. Amounts are in the smallest unit of the currency, times in seconds. */
export interface Intent {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly created: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly description: string | null;
  readonly captureMethod: "automatic" | "automatic_async";
  readonly confirmationMethod: "automatic" | "manual";
  readonly paymentMethodTypes: readonly string[];
  /** the ones that the caller allowed, when he named any */
  readonly allowedTypes: readonly string[] | null;
  readonly automatic: { enabled: true; allow_redirects: "always" | "never" } | null;
  status: Status;
  paymentMethod: string | null;
  lastError: { decline: Decline; paymentMethod: string; charge: string } | null;
  latestCharge: string | null;
  amountReceived: number;
  amountRefunded: number;
  canceledAt: number | null;
  cancellationReason: CancellationReason | null;
  /** processing: when it ends, in milliseconds, and how */
  settlement: { at: number; status: "succeeded" | "canceled" | Decline } | null;
}

/** A payment intent as the API answers it. */
export function intentObject(intent: Intent): { [name: string]: Json } {
  return {
    id: intent.id,
    object: "payment_intent",
    allowed_payment_method_types: intent.allowedTypes && [...intent.allowedTypes],
    amount: intent.amount,
    amount_capturable: 0,
    amount_details: {},
    amount_received: intent.amountReceived,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: intent.automatic,
    canceled_at: intent.canceledAt,
    cancellation_reason: intent.cancellationReason,
    capture_method: intent.captureMethod,
    client_secret: `${intent.id}_secret_${intent.created}`,
    confirmation_method: intent.confirmationMethod,
    created: intent.created,
    currency: intent.currency,
    customer: null,
    customer_account: null,
    description: intent.description,
    excluded_payment_method_types: null,
    last_payment_error: intent.lastError && paymentError(intent.lastError),
    latest_charge: intent.latestCharge,
    livemode: false,
    managed_payments: null,
    metadata: intent.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: intent.paymentMethod,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: [...intent.paymentMethodTypes],
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: intent.status,
    transfer_data: null,
    transfer_group: null,
  };
}

/** What was wrong with the last attempt to pay. */
export function paymentError({ decline, paymentMethod, charge }: NonNullable<Intent["lastError"]>): {
  [name: string]: Json;
} {
  const { code, declineCode, message } = decline;
  return {
    charge,
    code,
    ...(declineCode !== undefined && { decline_code: declineCode }),
    doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll("_", "-")}`,
    message,
    payment_method: paymentMethodObject(paymentMethod),
    type: "card_error",
  };
}
