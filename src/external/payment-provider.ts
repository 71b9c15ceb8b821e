import { z } from "zod";
import { change, type Tag } from "./http.ts";

const Payment = z.object({ id: z.string() });

export const paymentProvider = {
  /** Captures the money at once. The key of the call is the payment's id. */
  charge: (card: { cardNumber: string; amount: number }, tag: Tag) =>
    change("payment-provider", "charge", card, tag, Payment),
  /** Gives the money back. A payment that is not known yet is refused from then on. */
  refund: (id: string, tag: Tag) => change("payment-provider", "refund", { id }, tag, Payment),
};
