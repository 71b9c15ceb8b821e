import { z } from "zod";
import { Register, type Thing } from "./register.ts";
import type { ExternalCall, ExternalSystem, Reaction } from "./system.ts";

/** The card that is always declined. */
export const DECLINED_CARD = "4000000000000002";

/** `barred`: refunded before any money was captured; a charge that comes later is refused. */
type State = "captured" | "declined" | "refunded" | "barred";
interface Payment extends Thing<State> {
  /** cents */
  amount: number;
}
const Charge = z.strictObject({ cardNumber: z.string().min(1), amount: z.int().positive() });
const Refund = z.strictObject({ id: z.string().min(1) });

/**
 * Card payments in one shot: `/payment-provider/charge {cardNumber, amount}`, whose key is the payment's id, and
 * `/payment-provider/refund {id}`, which is always accepted: a payment that is not known yet is refused from then on.
 */
export function paymentProvider(): ExternalSystem {
  const books = new Register<State, Payment>("payment-provider");
  const paymentOf = (call: ExternalCall, id: string, state: State, amount: number): Payment =>
    books.put({ id, ...(call.reference === undefined ? {} : { reference: call.reference }), state, amount });

  function charge(call: ExternalCall): Reaction {
    const id = books.keyOf(call);
    const known = books.get(id);
    if (known) return books.refused(call, id, 409, `payment ${id} is ${known.state}`);
    const read = books.read(call, Charge);
    if ("refusal" in read) return read.refusal;
    const { cardNumber, amount } = read.content;
    if (cardNumber === DECLINED_CARD) {
      paymentOf(call, id, "declined", 0);
      return books.refused(call, id, 402, "the card was declined");
    }
    return books.changed(call, paymentOf(call, id, "captured", amount), { amount });
  }

  function refund(call: ExternalCall): Reaction {
    const read = books.read(call, Refund);
    if ("refusal" in read) return read.refusal;
    const { id } = read.content;
    const payment = books.get(id) ?? paymentOf(call, id, "declined", 0);
    if (payment.state !== "captured" && payment.state !== "declined") return books.unchanged(call, payment);
    payment.state = payment.state === "captured" ? "refunded" : "barred";
    return books.changed(call, payment, { amount: payment.amount });
  }

  return {
    name: "payment-provider",
    lapse: () => [],
    handle(call) {
      if (call.action === "charge") return charge(call);
      if (call.action === "refund") return refund(call);
      return books.refused(call, call.key ?? "", 404, `payment-provider cannot ${call.action}`);
    },
  };
}
