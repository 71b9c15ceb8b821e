import { z } from "zod";
import { Id } from "../shared/id.ts";

/** What is needed of a Stripe event about an invoice; the rest of it is taken and ignored. */
export const PaymentEvent = z.object({
  /** the same in all deliveries of the event */
  id: Id,
  data: z.object({
    object: z.object({
      /** Stripe knows none of a customer who gave none. */
      customer_email: z.string().min(1).nullish(),
    }),
  }),
});
export type PaymentEvent = z.infer<typeof PaymentEvent>;
