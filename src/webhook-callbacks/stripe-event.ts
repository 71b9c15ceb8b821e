import { TerminalError } from "@restatedev/restate-sdk";
import { z } from "zod";
import { PaymentEvent } from "../scheduled-tasks/payment-event.ts";
import { Id } from "../shared/id.ts";

/** An event of any type, also one that is not known yet. */
export const StripeEvent = z.object({ type: z.string() });

const RoutedType = z.enum(["invoice.payment_failed", "invoice.payment_succeeded"]);

/** Whether the tracker of an invoice is to be told of events of a type. */
export const isRouted = (type: string): boolean => RoutedType.safeParse(type).success;

/** What a tracker is told, and of which invoice. */
export const InvoiceEvent = PaymentEvent.extend({
  type: RoutedType,
  data: z.object({ object: PaymentEvent.shape.data.shape.object.extend({ id: Id }) }),
});

/** @throws a `TerminalError` that names what is wrong */
export function read<T>(schema: z.ZodType<T>, content: unknown): T {
  const result = schema.safeParse(content);
  if (!result.success) throw new TerminalError(z.prettifyError(result.error), { errorCode: 400 });
  return result.data;
}
