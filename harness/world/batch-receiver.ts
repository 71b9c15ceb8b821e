import { z } from "zod";
import { json } from "./body.ts";
import { externalSystem } from "./external-system.ts";
import { inPath } from "./idempotency.ts";

const Batch = z.strictObject({ items: z.array(z.json()) });

/**
 * Receivers of batches: `PUT /receivers/:receiver/batches/:batch {items}`. A batch arrives once, whatever is in it:
 * whether it is too large, or empty, is judged by the ledger.
 */
export const batchReceiver = externalSystem("batch-receiver", () => undefined).route(
  "PUT /receivers/:receiver/batches/:batch",
  { action: "receive", body: json(Batch), key: inPath("batch") },
  ({ params: { receiver, batch }, body: { items }, changed }) =>
    changed(
      { key: batch, reference: receiver, data: { state: "received", receiver, items } },
      { batch, received: items.length },
    ),
);
