import type { Json } from "../../plan/index.ts";
import { API_VERSION } from "./version.ts";

/** What Stripe tells of a payment intent. Those that the double does not come to by itself can be made all the same. */
export const PAYMENT_INTENT_EVENTS = [
  "payment_intent.amount_capturable_updated",
  "payment_intent.canceled",
  "payment_intent.created",
  "payment_intent.partially_funded",
  "payment_intent.payment_failed",
  "payment_intent.processing",
  "payment_intent.requires_action",
  "payment_intent.succeeded",
] as const;

export const INVOICE_EVENTS = [
  "invoice.created",
  "invoice.deleted",
  "invoice.finalization_failed",
  "invoice.finalized",
  "invoice.marked_uncollectible",
  "invoice.overdue",
  "invoice.overpaid",
  "invoice.paid",
  "invoice.payment_action_required",
  "invoice.payment_attempt_required",
  "invoice.payment_failed",
  "invoice.payment_succeeded",
  "invoice.sent",
  "invoice.upcoming",
  "invoice.updated",
  "invoice.voided",
  "invoice.will_be_due",
] as const;

export interface EventOptions {
  /** "evt_1"; the same in all deliveries of the event */
  id: string;
  /** what happened, e.g. "payment_intent.succeeded"; any text, since receivers must bear types that they do not know */
  type: string;
  /** the resource as it was then */
  object: Json;
  /** seconds */
  created: number;
  /** the request that caused it, if one did */
  request?: { id: string | null; idempotency_key: string | null };
}

/** An event of Stripe's API, as webhooks deliver it. Pure. */
export function stripeEvent({ id, type, object, created, request }: EventOptions): { [name: string]: Json } {
  return {
    id,
    object: "event",
    api_version: API_VERSION,
    created,
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: request?.id ?? null, idempotency_key: request?.idempotency_key ?? null },
    type,
  };
}
