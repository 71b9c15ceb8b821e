import { z } from "zod";
import { basic } from "./authentication.ts";
import { json } from "./body.ts";
import type { Fact } from "./call.ts";
import { externalSystem } from "./external-system.ts";
import { inHeader } from "./idempotency.ts";

/** The card that is always declined. */
export const DECLINED_CARD = "4000000000000002";

/** `barred`: refunded before any money was captured; a charge that comes later is refused. */
type State = "captured" | "declined" | "refunded" | "barred";
interface Payment {
  readonly id: string;
  readonly reference?: string | undefined;
  state: State;
  /** cents */
  amount: number;
}
const Charge = z.strictObject({
  cardNumber: z.string().min(1),
  amount: z.int().positive(),
  reference: z.string().optional(),
});
const Refund = z.strictObject({ reference: z.string().optional() });

const factOf = ({ id, reference, state }: Payment, data: { amount?: number } = {}): Fact => ({
  key: id,
  reference,
  data: { state, ...data },
});
const bodyOf = ({ id, state }: Payment) => ({ id, state });
const key = inHeader("idempotency-key");

/**
 * Card payments in one shot. The key of a charge is the id of the payment; a refund is always accepted, and a payment that is
 * not known yet is refused from then on:
 *
 *     POST /payments {cardNumber, amount, reference?}   -> {id, state}    with an `idempotency-key`
 *     POST /payments/:id/refund {reference?}            -> {id, state}    with an `idempotency-key`
 */
export const paymentProvider = externalSystem("payment-provider", () => new Map<string, Payment>())
  .authenticatedBy(basic)
  .route("POST /payments", { action: "charge", body: json(Charge), key }, ({ key: id, state, body, ...call }) => {
    const { cardNumber, amount, reference } = body;
    const known = state.get(id);
    if (known) return call.refused(409, `payment ${id} is ${known.state}`, { key: id, reference });
    const isDeclined = cardNumber === DECLINED_CARD;
    const payment: Payment = {
      id,
      reference,
      state: isDeclined ? "declined" : "captured",
      amount: isDeclined ? 0 : amount,
    };
    state.set(id, payment);
    if (isDeclined) return call.refused(402, "the card was declined", { key: id, reference });
    return call.changed(factOf(payment, { amount }), bodyOf(payment));
  })
  .route(
    "POST /payments/:id/refund",
    { action: "refund", body: json(Refund), key },
    ({ params: { id }, state, body: { reference }, ...call }) => {
      const payment = state.get(id) ?? { id, reference, state: "declined", amount: 0 };
      state.set(id, payment);
      if (payment.state !== "captured" && payment.state !== "declined")
        return call.unchanged(factOf(payment), bodyOf(payment));
      payment.state = payment.state === "captured" ? "refunded" : "barred";
      return call.changed(factOf(payment, { amount: payment.amount }), bodyOf(payment));
    },
  );
