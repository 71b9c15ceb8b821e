import type { Json } from "../../plan/index.ts";

export interface InvoiceOptions {
  /** "in_1"; any text, since it is the id that a receiver must take as it is */
  id: string;
  /** cents */
  amount?: number;
  isPaid?: boolean;
  /** seconds */
  created?: number;
}

/** An invoice as the events about it carry it. Pure: the double keeps no invoices. */
export function invoiceObject({ id, amount = 1000, isPaid = false, created = 0 }: InvoiceOptions): {
  [name: string]: Json;
} {
  const address = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
  const methods = {
    acss_debit: {},
    bancontact: { preferred_language: "fr" },
    billie: {},
    card: { request_three_d_secure: null },
    customer_balance: { funding_type: null },
    konbini: {},
    payto: {},
    pix: { amount_includes_iof: null },
    sepa_debit: {},
    upi: {},
    us_bank_account: {},
  };
  return {
    id,
    object: "invoice",
    account_country: "US",
    account_name: null,
    account_tax_ids: null,
    amount_due: amount,
    amount_overpaid: 0,
    amount_paid: isPaid ? amount : 0,
    amount_paid_off_stripe: 0,
    amount_remaining: isPaid ? 0 : amount,
    amount_shipping: 0,
    application: null,
    attempt_count: 1,
    attempted: true,
    auto_advance: !isPaid,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: "manual",
    collection_method: "charge_automatically",
    created,
    currency: "usd",
    custom_fields: null,
    customer: "cus_1",
    customer_account: null,
    customer_address: address,
    customer_email: null,
    customer_name: null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: "none",
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: created,
    ending_balance: 0,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: "self" },
    last_finalization_error: null,
    latest_revision: null,
    lines: {
      object: "list",
      data: [],
      has_more: false,
      url: `/v1/invoices/${encodeURIComponent(id.toWellFormed())}/lines`,
    },
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: null,
    on_behalf_of: null,
    parent: null,
    payment_settings: { default_mandate: null, payment_method_options: methods, payment_method_types: null },
    period_end: created,
    period_start: created,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: isPaid ? "paid" : "open",
    status_transitions: {
      finalized_at: created,
      marked_uncollectible_at: null,
      paid_at: isPaid ? created : null,
      voided_at: null,
    },
    subtotal: amount,
    subtotal_excluding_tax: amount,
    test_clock: null,
    total: amount,
    total_discount_amounts: [],
    total_excluding_tax: amount,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
}
