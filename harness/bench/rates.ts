/**
 * How fast cases run: those that share the stack, and those that need it alone, for each property and stack.
 *
 *     npm run bench:rates
 *
 * The stacks are measured with the same plans, in turn, in one run; a machine's mood changes both.
 */

import type { Plan } from "../plan/index.ts";
import { Arena, type Property, readSettings, Subject, startStack } from "../run/index.ts";
import { LARGE, largePlans, stormPlans } from "./plans.ts";
import { allProperties } from "./properties.ts";

const CASES = { shared: 300, alone: 40, large: 200 };

/** Cases per second. */
async function rate(arena: Arena, property: Property, plans: Plan[]): Promise<number> {
  const started = performance.now();
  await Promise.all(plans.map((plan) => arena.judge(plan, property)));
  return (plans.length / (performance.now() - started)) * 1000;
}

const settings = readSettings(process.env, () => 0);
const subject = await Subject.load(settings.subject);
const arenas: Arena[] = [];
try {
  for (const kind of settings.stacks) {
    const started = performance.now();
    const arena = new Arena(await startStack(kind), subject);
    arenas.push(arena);
    console.log(`${kind}: ready after ${Math.round(performance.now() - started)} ms`);
  }
  for (const property of await allProperties()) {
    const sets: [string, Plan[]][] = [
      ["that share the stack", stormPlans(property, false, CASES.shared, settings.seed)],
      ["that need the stack alone", stormPlans(property, true, CASES.alone, settings.seed)],
      [
        `of ${LARGE.operations} operations and ${LARGE.faults} faults`,
        largePlans(property, CASES.large, settings.seed),
      ],
    ];
    for (const [what, plans] of sets) {
      for (const arena of arenas) {
        await arena.serve(property, []);
        const perSecond = await rate(arena, property, plans);
        console.log(
          `${property.pattern.padEnd(22)} ${arena.stack.kind.padEnd(10)} ${perSecond.toFixed(1).padStart(7)} cases/s ${what}`,
        );
      }
    }
  }
} finally {
  for (const arena of arenas) await arena.close();
}
