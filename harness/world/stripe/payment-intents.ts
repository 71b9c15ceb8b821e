import type { Json } from "../../plan/index.ts";
import { badRequest, missing, StripeError } from "./errors.ts";
import {
  type CancellationReason,
  type Decline,
  type Intent,
  intentObject,
  paymentError,
  type Status,
} from "./intent.ts";
import { type TestPaymentMethod, testPaymentMethod } from "./payment-methods.ts";
import type { Refund, RefundReason } from "./refund.ts";

/** What a change leaves behind: it is told in an event, and stands in the ledger. */
export interface Books {
  now: number;
  /** something changed, or was declined */
  note(type: "effect" | "refusal", action: string, intent: Intent, data?: Record<string, Json>): void;
  /** an event of the type, with the intent as it is now */
  event(type: string, intent: Intent): void;
}

export interface Creation {
  amount: number;
  currency: string;
  metadata: Record<string, string>;
  description: string | undefined;
  paymentMethod: string | undefined;
  /** the types that are allowed, under the name that the API has for them now */
  allowedTypes: string[] | undefined;
  /** and under their old name, which goes without automatic payment methods */
  paymentMethodTypes: string[] | undefined;
  captureMethod: Intent["captureMethod"] | undefined;
  confirmationMethod: Intent["confirmationMethod"] | undefined;
  allowRedirects: "always" | "never";
  confirm: boolean;
  returnUrl: string | undefined;
}

const CANCELLABLE: readonly Status[] = ["requires_payment_method", "requires_confirmation"];
/** Where metadata say which status a delayed payment shall end in. */
const DELAYED_STATUS = "delayed_status";

/** The payment intents of an account, and what can be done with them. Whatever is refused throws a `StripeError`. */
export class PaymentIntents {
  readonly #intents = new Map<string, Intent>();
  readonly #refunds = new Map<string, Refund>();
  readonly #settleAfterMs: number;
  #charges = 0;

  /** @param settleAfterMs how long a delayed payment is `processing` */
  constructor(settleAfterMs: number) {
    this.#settleAfterMs = settleAfterMs;
  }

  /** In the order in which they were made. */
  all(): Intent[] {
    return [...this.#intents.values()];
  }

  refunds(): Refund[] {
    return [...this.#refunds.values()];
  }

  get(id: string): Intent {
    const intent = this.#intents.get(id);
    if (!intent) throw missing("payment_intent", id, "intent");
    return intent;
  }

  getRefund(id: string): Refund {
    const refund = this.#refunds.get(id);
    if (!refund) throw missing("refund", id, "refund");
    return refund;
  }

  create(parameters: Creation, books: Books): Intent {
    const { paymentMethod, paymentMethodTypes, allowedTypes, confirm } = parameters;
    const method = paymentMethod === undefined ? undefined : methodOf(paymentMethod);
    const intent: Intent = {
      id: `pi_${this.#intents.size + 1}`,
      amount: parameters.amount,
      currency: parameters.currency,
      created: Math.floor(books.now / 1000),
      metadata: parameters.metadata,
      description: parameters.description ?? null,
      captureMethod: parameters.captureMethod ?? "automatic_async",
      confirmationMethod: parameters.confirmationMethod ?? "automatic",
      paymentMethodTypes: paymentMethodTypes ?? allowedTypes ?? ["card", "us_bank_account"],
      allowedTypes: allowedTypes ?? null,
      automatic: paymentMethodTypes ? null : { enabled: true, allow_redirects: parameters.allowRedirects },
      status: method ? "requires_confirmation" : "requires_payment_method",
      paymentMethod: paymentMethod ?? null,
      lastError: null,
      latestCharge: null,
      amountReceived: 0,
      amountRefunded: 0,
      canceledAt: null,
      cancellationReason: null,
      settlement: null,
    };
    if (method) requireType(intent, method);
    if (confirm) requireConfirmable(intent, parameters.returnUrl);
    this.#intents.set(intent.id, intent);
    books.note("effect", "create", intent);
    books.event("payment_intent.created", intent);
    if (confirm) this.#attempt(intent, books);
    return intent;
  }

  confirm(
    id: string,
    parameters: { paymentMethod: string | undefined; returnUrl: string | undefined },
    books: Books,
  ): Intent {
    const intent = this.get(id);
    if (intent.status !== "requires_payment_method" && intent.status !== "requires_confirmation")
      throw unexpectedState(
        intent,
        `You cannot confirm this PaymentIntent because it has a status of ${intent.status}.`,
      );
    if (parameters.paymentMethod !== undefined) requireType(intent, methodOf(parameters.paymentMethod));
    requireConfirmable(
      { ...intent, paymentMethod: parameters.paymentMethod ?? intent.paymentMethod },
      parameters.returnUrl,
    );
    intent.paymentMethod = parameters.paymentMethod ?? intent.paymentMethod;
    this.#attempt(intent, books);
    return intent;
  }

  cancel(id: string, reason: CancellationReason | undefined, books: Books): Intent {
    const intent = this.get(id);
    if (!CANCELLABLE.includes(intent.status))
      throw unexpectedState(
        intent,
        `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. ` +
          `Only a PaymentIntent with one of the following statuses may be canceled: ${CANCELLABLE.join(", ")}.`,
      );
    this.#canceled(intent, reason ?? null, "cancel", books);
    return intent;
  }

  refund(
    id: string,
    parameters: { amount: number | undefined; reason: RefundReason | undefined; metadata: Record<string, string> },
    books: Books,
  ): Refund {
    const intent = this.get(id);
    const { latestCharge: charge, amountReceived, amountRefunded } = intent;
    if (intent.status !== "succeeded" || charge === null)
      throw badRequest(`This PaymentIntent (${id}) does not have a successful charge to refund.`, {
        param: "payment_intent",
      });
    const left = amountReceived - amountRefunded;
    if (left === 0)
      throw badRequest(`Charge ${charge} has already been refunded.`, { code: "charge_already_refunded" });
    const { amount = left, reason = null, metadata } = parameters;
    if (amount < 1)
      throw badRequest("Invalid positive integer", { code: "parameter_invalid_integer", param: "amount" });
    if (amount > left)
      throw badRequest(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
        param: "amount",
      });
    intent.amountRefunded += amount;
    const created = Math.floor(books.now / 1000);
    const refund: Refund = {
      id: `re_${this.#refunds.size + 1}`,
      amount,
      currency: intent.currency,
      charge,
      intent: id,
      created,
      reason,
      metadata,
    };
    this.#refunds.set(refund.id, refund);
    books.note("effect", "refund", intent, { refund: refund.id, refunded: amount });
    return refund;
  }

  /** When the next delayed payment ends, in milliseconds. */
  dueAt(): number | undefined {
    const due = this.all().flatMap(({ settlement }) => settlement?.at ?? []);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** Ends the delayed payments that are due, in the order of their times. */
  settle(isDue: (intent: Intent, at: number) => boolean, books: Books): void {
    const due = this.all().flatMap((intent) => {
      const { settlement } = intent;
      return settlement && isDue(intent, settlement.at) ? [{ intent, ...settlement }] : [];
    });
    for (const { intent, status } of due.sort((a, b) => a.at - b.at)) {
      intent.settlement = null;
      if (status === "succeeded") this.#succeeded(intent, "settle", books);
      else if (status === "canceled") this.#canceled(intent, null, "settle", books);
      else this.#declined(intent, status, "settle", books);
    }
  }

  /** Tries to get the money with the payment method that it has. */
  #attempt(intent: Intent, books: Books): void {
    const method = methodOf(intent.paymentMethod ?? "");
    if (method.fails === "before") throw serverError();
    const settlement = settlementOf(intent, method);
    if (settlement) {
      intent.status = "processing";
      intent.settlement = { at: books.now + this.#settleAfterMs, status: settlement };
      books.note("effect", "confirm", intent);
      books.event("payment_intent.processing", intent);
    } else if (method.outcome.status === "succeeded") this.#succeeded(intent, "confirm", books);
    else {
      this.#declined(intent, method.outcome, "confirm", books);
      throw cardError(intent);
    }
    if (method.fails === "after") throw serverError();
  }

  #succeeded(intent: Intent, action: string, books: Books): void {
    intent.status = "succeeded";
    intent.latestCharge = this.#nextCharge();
    intent.amountReceived = intent.amount;
    intent.lastError = null;
    books.note("effect", action, intent);
    books.event("payment_intent.succeeded", intent);
  }

  /** The intent waits for another payment method: that is no end of it. */
  #declined(intent: Intent, decline: Decline, action: string, books: Books): void {
    intent.status = "requires_payment_method";
    intent.latestCharge = this.#nextCharge();
    intent.lastError = { decline, paymentMethod: intent.paymentMethod ?? "", charge: intent.latestCharge };
    intent.paymentMethod = null;
    books.note("refusal", action, intent, { code: decline.code });
    books.event("payment_intent.payment_failed", intent);
  }

  #canceled(intent: Intent, reason: CancellationReason | null, action: string, books: Books): void {
    intent.status = "canceled";
    intent.canceledAt = Math.floor(books.now / 1000);
    intent.cancellationReason = reason;
    books.note("effect", action, intent);
    books.event("payment_intent.canceled", intent);
  }

  #nextCharge(): string {
    return `ch_${++this.#charges}`;
  }
}

function methodOf(id: string): TestPaymentMethod {
  const method = testPaymentMethod(id);
  if (!method)
    throw badRequest(`No such PaymentMethod: '${id}'`, { code: "resource_missing", param: "payment_method" });
  return method;
}

/** How a delayed payment ends: as the metadata say, or as its payment method does. */
function settlementOf({ metadata }: Intent, { isDelayed, outcome }: TestPaymentMethod) {
  const wanted = metadata[DELAYED_STATUS];
  if (wanted === undefined && !isDelayed) return undefined;
  if (wanted === "canceled") return "canceled";
  const own = outcome.status === "succeeded" ? "succeeded" : outcome;
  if (wanted === undefined) return own;
  if (wanted === "succeeded") return "succeeded";
  if (wanted !== "requires_payment_method") return own;
  return own === "succeeded" ? LATE_DECLINE : own;
}
const LATE_DECLINE: Decline = {
  status: "declined",
  code: "payment_intent_payment_attempt_failed",
  message: "The payment failed.",
};

function requireType({ paymentMethodTypes }: Intent, { type }: TestPaymentMethod): void {
  if (paymentMethodTypes.includes(type)) return;
  throw badRequest(
    `The PaymentMethod provided (${type}) is not allowed for this PaymentIntent. ` +
      `Please attach a PaymentMethod of one of the following types: ${paymentMethodTypes.join(", ")}.`,
    { param: "payment_method" },
  );
}

function requireConfirmable(intent: Intent, returnUrl: string | undefined): void {
  if (intent.paymentMethod === null)
    throw unexpectedState(
      intent,
      "You cannot confirm this PaymentIntent because it's missing a payment method. " +
        "You can either update the PaymentIntent with a payment method and then confirm it again, " +
        "or confirm it again directly with a payment method.",
    );
  // none of the types that can be named here redirects anybody
  const mayRedirect = intent.automatic?.allow_redirects === "always" && intent.allowedTypes === null;
  if (mayRedirect && returnUrl === undefined)
    throw badRequest(
      "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these " +
        "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want " +
        "to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and " +
        "`automatic_payment_methods[allow_redirects]` to `never`.",
      { param: "return_url" },
    );
}

const unexpectedState = (intent: Intent, message: string): StripeError =>
  badRequest(message, { code: "payment_intent_unexpected_state", payment_intent: intentObject(intent) });

const serverError = (): StripeError => new StripeError(500, "api_error", "An unknown error occurred");

function cardError(intent: Intent): StripeError {
  const { message = "", ...details } = intent.lastError ? paymentError(intent.lastError) : {};
  const { type: _, ...more } = details;
  return new StripeError(402, "card_error", String(message), { ...more, payment_intent: intentObject(intent) });
}
