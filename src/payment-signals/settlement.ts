import { z } from "zod";
import { AwakeableId } from "../shared/awakeable-id.ts";

/** How a payment ended. */
export type Settlement = { status: "succeeded" } | Failed;
/** The code and the message with which its caller is told. */
export type Failed = { status: "failed"; code: number; reason: string };

/** The code of the terminal error that tells a caller that the payment was not made: declined, or canceled by Stripe. */
const NOT_PAID = 402;

/** Where a payment intent says, in its metadata, which awakeable waits for its end. */
export const CALLBACK = "restate_callback_id";

export const notPaid = (reason: string): Failed => ({ status: "failed", code: NOT_PAID, reason });

/**
 * An event that tells how a payment ended whose intent names an awakeable. Its type says so, the status of its intent does
 * not: one that waits for a payment method was declined, or has only just been made.
 */
const SettlementEvent = z.object({
  type: z.enum(["payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled"]),
  data: z.object({
    object: z.object({
      metadata: z.object({ [CALLBACK]: AwakeableId }),
      last_payment_error: z.object({ message: z.string().optional() }).nullish(),
    }),
  }),
});

/** What an event of Stripe tells, and whom; undefined for all those that do not tell the end of a payment of ours. */
export function settlementIn(event: unknown): { callback: string; settlement: Settlement } | undefined {
  const { data: read } = SettlementEvent.safeParse(event);
  if (!read) return undefined;
  const { metadata, last_payment_error: error } = read.data.object;
  const callback = metadata[CALLBACK];
  if (read.type === "payment_intent.succeeded") return { callback, settlement: { status: "succeeded" } };
  if (read.type === "payment_intent.canceled") return { callback, settlement: notPaid("the payment was canceled") };
  return { callback, settlement: notPaid(error?.message ?? "the payment was declined") };
}
