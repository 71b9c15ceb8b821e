import { z } from "zod";
import { json } from "./body.ts";
import { externalSystem } from "./external-system.ts";
import { inHeader } from "./idempotency.ts";

/** A task that begins with this word cannot be done. */
export const IMPOSSIBLE_TASK = "impossible";

const Work = z.strictObject({ task: z.string().min(1), reference: z.string().optional() });

/**
 * A workshop: `POST /jobs {task, reference?}` with an `idempotency-key` does the work at once, as often as it is asked
 * under different keys.
 */
export const workshop = externalSystem("workshop", () => undefined).route(
  "POST /jobs",
  { action: "perform", body: json(Work), key: inHeader("idempotency-key") },
  ({ key, body: { task, reference }, changed, refused }) => {
    if (task.startsWith(IMPOSSIBLE_TASK)) return refused(422, `${task} cannot be done`, { key, reference });
    return changed({ key, reference, data: { state: "performed", task } }, { id: key }, { status: 201 });
  },
);
