/**
 * How fast cases run: those that share the stack, and those that need it alone, for each property and stack.
 *
 *     npm run bench:rates
 *
 * The stacks are measured with the same plans, in turn, in one run; a machine's mood changes both.
 */

import fc from "fast-check";
import type { Plan } from "../plan/index.ts";
import { Arena, faultKinds, type Property, readSettings, Subject, startStack } from "../run/index.ts";
import { allProperties } from "./properties.ts";

const CASES = { shared: 300, alone: 40 };

const plansOf = (property: Property, alone: boolean, seed: number): Plan[] =>
  fc.sample(property.plan(faultKinds, alone), { seed, numRuns: alone ? CASES.alone : CASES.shared });

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
    for (const alone of [false, true]) {
      const plans = plansOf(property, alone, settings.seed);
      for (const arena of arenas) {
        await arena.serve(property, []);
        const perSecond = await rate(arena, property, plans);
        const what = alone ? "that need the stack alone" : "that share the stack";
        console.log(
          `${property.pattern.padEnd(22)} ${arena.stack.kind.padEnd(10)} ${perSecond.toFixed(1).padStart(7)} cases/s ${what}`,
        );
      }
    }
  }
} finally {
  for (const arena of arenas) await arena.close();
}
