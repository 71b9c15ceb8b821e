import { z } from "zod";
import { apiKey } from "./authentication.ts";
import { json } from "./body.ts";
import { externalSystem } from "./external-system.ts";
import { inBody } from "./idempotency.ts";

const Alert = z.strictObject({
  dedup_key: z.string().min(1).optional(),
  about: z.string().min(1),
  summary: z.string(),
});

/** Alerts for people on call: `POST /alerts {dedup_key?, about, summary}`, whose key stands in the body. */
export const alerts = externalSystem("alerts", () => undefined)
  .authenticatedBy(apiKey("x-routing-key"))
  .route(
    "POST /alerts",
    { action: "raise", body: json(Alert), key: inBody("dedup_key") },
    ({ key, body: { about, summary }, changed }) =>
      changed({ key, reference: about, data: { state: "raised", about, summary } }, { id: key }, { status: 202 }),
  );
