/**
 * Whether simulated runs are exact: each plan of each pattern is run twice, the second time in another order, and with it
 * another history of the Node process. Both runs must have the same trace.
 *
 *     npm run exactness -- [CASES]      CASES of each property, 300 when absent
 *
 * Prints a hash over all traces of a property: equal where the services, the model and the generators are. SEED and SUBJECT
 * are understood as everywhere. Exits with 1 when a run could not be repeated.
 */

import { createHash } from "node:crypto";
import { CaseRunner } from "../case/index.ts";
import { allProperties } from "../commands/index.ts";
import type { Plan } from "../plan/index.ts";
import type { Property } from "../property/index.ts";
import { dryRun } from "../search/index.ts";
import { readSettings, SystemUnderTest, startStack } from "../session/index.ts";
import { stormPlans } from "./plans.ts";

const CASES = 300;

/** How the plans of one property came out. */
export interface Exactness {
  /** stands for all traces */
  hash: string;
  /** plans whose second run had another trace */
  differing: Plan[];
}

/** Runs plans that a storm of the property makes, each twice. The runner is to be one in virtual time. */
export async function measureExactness(
  runner: CaseRunner,
  property: Property,
  count: number,
  seed: number,
): Promise<Exactness> {
  await runner.serve(property, []);
  const { profiles } = await dryRun(property, runner);
  const half = Math.ceil(count / 2);
  const plans = [
    ...stormPlans(property, profiles, false, half, seed),
    ...stormPlans(property, profiles, true, count - half, seed),
  ].map((plan, schedule): Plan => ({ ...plan, schedule }));
  const trace = async (plan: Plan): Promise<string> => (await runner.judge(plan, property))?.trace ?? "";
  const first: string[] = [];
  for (const plan of plans) first.push(await trace(plan));
  const differing: Plan[] = [];
  for (const [plan, before] of plans.map((plan, index) => [plan, first[index]] as const).reverse())
    if ((await trace(plan)) !== before) differing.unshift(plan);
  return { hash: createHash("sha256").update(first.join()).digest("hex").slice(0, 16), differing };
}

if (import.meta.main) {
  const count = Number(process.argv[2] ?? CASES);
  if (!Number.isInteger(count) || count < 1) {
    console.error(`stormproof: CASES is a whole number, 1 or more, not "${process.argv[2]}"`);
    process.exit(2);
  }
  const settings = readSettings(process.env, () => 0);
  const runner = new CaseRunner(await startStack("simulated"), await SystemUnderTest.load(settings.subject));
  try {
    for (const property of await allProperties()) {
      if (!runner.patterns.includes(property.pattern)) continue;
      const { hash, differing } = await measureExactness(runner, property, count, settings.seed);
      console.log(`${property.pattern}: ${hash}, ${differing.length} of ${count} plans differ when they are run again`);
      for (const plan of differing.slice(0, 1)) console.log(JSON.stringify(plan));
      if (differing.length > 0) process.exitCode = 1;
    }
  } finally {
    await runner.close();
  }
}
