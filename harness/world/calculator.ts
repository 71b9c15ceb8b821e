import { z } from "zod";
import { bearer } from "./authentication.ts";
import { json } from "./body.ts";
import { externalSystem } from "./external-system.ts";
import { inHeader } from "./idempotency.ts";

/** What the display holds. */
export const LARGEST_SUM = 999_999_999;

const Operands = z.strictObject({ left: z.number(), right: z.number(), reference: z.string().optional() });

/**
 * A calculator that charges for each sum: `POST /sums {left, right, reference?}` with an `idempotency-key` answers
 * `{sum}`.
 */
export const calculator = externalSystem("calculator", () => undefined)
  .authenticatedBy(bearer)
  .route(
    "POST /sums",
    { action: "add", body: json(Operands), key: inHeader("idempotency-key") },
    ({ key, body: { left, right, reference }, changed, refused }) => {
      const sum = left + right;
      const fact = { key, reference, data: { left, right } };
      if (Math.abs(sum) > LARGEST_SUM) return refused(422, "the sum is too large", fact);
      return changed(fact, { sum }, { status: 201 });
    },
  );
