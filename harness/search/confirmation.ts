import type { CaseRunner } from "../case/index.ts";
import type { History } from "../history/index.ts";
import type { Plan } from "../plan/index.ts";
import type { Property } from "../property/index.ts";
import { held } from "./ordering.ts";

const RUNS = 20;
/** Fewer failures than this of 20, and the order of the simulated run is forced upon the real server. */
const ENOUGH = 18;
const BUDGET_MS = 60_000;

/** What the real server says of a failure that the simulation found. */
export interface Confirmation {
  stack: string;
  failed: number;
  of: number;
}

/**
 * Replays on a real stack what failed in the simulation. When the schedule that it needs does not come by itself, it is
 * held to the order of the simulated run.
 *
 * @param history a run in the simulation that failed
 * @returns how often it failed, and the plan with the ordering constraints that helped
 */
export async function confirm(
  runner: CaseRunner,
  property: Property,
  plan: Plan,
  history: History,
  invariant: string,
): Promise<{ plan: Plan; confirmation: Confirmation }> {
  const deadline = performance.now() + BUDGET_MS;
  const measure = (candidate: Plan) => runner.failures(candidate, property, invariant, RUNS);
  const said = (failed: number, of: Plan) => ({
    plan: of,
    confirmation: { stack: runner.stack.kind, failed, of: RUNS },
  });
  const failed = await measure(plan);
  if (failed >= ENOUGH) return said(failed, plan);
  const better = await held(plan, history, measure, failed, () => performance.now() < deadline, RUNS);
  return said(better === plan ? failed : await measure(better), better);
}
