import { z } from "zod";
import { json } from "./body.ts";
import { externalSystem } from "./external-system.ts";
import { Fence } from "./fence.ts";
import { inHeader } from "./idempotency.ts";

const Report = z.strictObject({
  phase: z.enum(["begin", "done"]),
  transition: z.int().positive(),
  to: z.enum(["UP", "DOWN"]),
});

/**
 * Machines, which are told of their transitions: `POST /machines/:machine/transitions {phase, transition, to}`, with an
 * `idempotency-key`. A machine refuses a number that is lower than one that it has heard (fencing), and nothing else:
 * whether what it is told makes sense is judged by the ledger.
 */
export const machines = externalSystem("machines", () => new Fence()).route(
  "POST /machines/:machine/transitions",
  { action: "report", body: json(Report), key: inHeader("idempotency-key") },
  ({ params: { machine }, state, body: { phase, transition, to }, changed, refused }) => {
    const fact = { action: phase, key: machine, reference: machine };
    const stale = state.refuses(machine, "transition", transition);
    if (stale !== undefined) return refused(409, stale, fact);
    return changed({ ...fact, data: { state: phase, transition, to } }, { id: machine, state: phase });
  },
);
