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

const CASES = { shared: 300, alone: 40, large: 200 };
const LARGE = { operations: 20, faults: 2 };

const plansOf = (property: Property, alone: boolean, seed: number): Plan[] =>
  fc.sample(property.plan(faultKinds, alone), { seed, numRuns: alone ? CASES.alone : CASES.shared });

/** One plan of 20 operations and 2 faults, put together from smaller ones. */
function large(property: Property, seed: number): Plan {
  const operations: Plan["operations"] = [];
  const faults: Plan["faults"] = [];
  const parts = fc.sample(property.plan(faultKinds, false), { seed, numRuns: 20 });
  for (const [index, part] of parts.entries()) {
    if (operations.length + part.operations.length > LARGE.operations) continue;
    // ids of different parts must not meet; keys may
    const renamed = JSON.parse(JSON.stringify(part).replace(/"(d?[oc]o?\d+)"/g, `"$1x${index}"`)) as Plan;
    operations.push(...renamed.operations);
    faults.push(...renamed.faults.map((fault) => ({ ...fault, id: `${fault.id}x${index}` })));
  }
  return { operations, faults: faults.slice(0, LARGE.faults), schedule: seed };
}

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
      ["that share the stack", plansOf(property, false, settings.seed)],
      ["that need the stack alone", plansOf(property, true, settings.seed)],
      [
        `of ${LARGE.operations} operations and ${LARGE.faults} faults`,
        Array.from({ length: CASES.large }, (_, index) => large(property, settings.seed + index)),
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
