/**
 * How fast cases run on each stack: those that share it, those that need it alone, both as a storm mixes them, and large
 * ones.
 *
 *     npm run bench:rates
 *
 * The stacks are measured with the same plans, in turn, in one run, since a machine's mood changes both: what counts is
 * how many times as fast as the last one each is.
 */

import { CaseRunner } from "../case/index.ts";
import { allProperties } from "../commands/index.ts";
import type { Plan, Profiles } from "../plan/index.ts";
import type { Property } from "../property/index.ts";
import { dryRun } from "../search/index.ts";
import { readSettings, SystemUnderTest, startStack } from "../session/index.ts";
import { LARGE, largePlans, stormPlans } from "./plans.ts";

const CASES = { warm: 100, shared: 300, alone: 30, large: 200 };

/** Cases per second. */
async function rate(runner: CaseRunner, property: Property, plans: Plan[]): Promise<number> {
  const started = performance.now();
  await Promise.all(plans.map((plan) => runner.judge(plan, property)));
  return (plans.length / (performance.now() - started)) * 1000;
}

/** Measured in the simulation, whatever stack is timed. */
async function profilesOf(property: Property): Promise<Profiles> {
  const runner = new CaseRunner(await startStack("simulated"), systemUnderTest);
  await runner.serve(property, []);
  const { profiles } = await dryRun(property, runner);
  await runner.close();
  return profiles;
}

const settings = readSettings(process.env, () => 0);
const systemUnderTest = await SystemUnderTest.load(settings.subject);
const runners: CaseRunner[] = [];
try {
  for (const kind of settings.stacks) {
    const started = performance.now();
    const runner = new CaseRunner(await startStack(kind), systemUnderTest);
    runners.push(runner);
    console.log(`${kind}: ready after ${Math.round(performance.now() - started)} ms`);
  }
  for (const property of await allProperties()) {
    const profiles = await profilesOf(property);
    const shared = stormPlans(property, profiles, false, CASES.shared, settings.seed);
    const alone = stormPlans(property, profiles, true, CASES.alone, settings.seed);
    const sets: [string, Plan[]][] = [
      ["that share the stack", shared],
      ["that need the stack alone", alone],
      ["as a storm mixes them", shared.flatMap((plan, i) => (i % 10 === 0 ? [alone[i / 10]!, plan] : [plan]))],
      [
        `of ${LARGE.operations} operations and ${LARGE.faults} faults`,
        largePlans(property, profiles, CASES.large, settings.seed),
      ],
    ];
    for (const runner of runners) {
      await runner.serve(property, []);
      await rate(runner, property, shared.slice(0, CASES.warm));
    }
    for (const [what, plans] of sets) {
      const rates: number[] = [];
      for (const runner of runners) rates.push(await rate(runner, property, plans));
      const told = rates.map((perSecond, i) => `${runners[i]!.stack.kind} ${perSecond.toFixed(1)}`).join(", ");
      const times = rates.length > 1 ? ` (${(rates[0]! / rates.at(-1)!).toFixed(1)} times)` : "";
      console.log(`${property.pattern.padEnd(22)} ${what.padEnd(32)} ${told} cases/s${times}`);
    }
  }
} finally {
  for (const runner of runners) await runner.close();
}
