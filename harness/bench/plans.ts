import fc from "fast-check";
import type { Plan } from "../plan/index.ts";
import { faultKinds, type Property } from "../session/index.ts";

/** A size at which it is measured how fast plans run: large, as plans go. */
export const LARGE = { operations: 20, faults: 2 };

/** Plans as a storm makes them. @param alone those that need the stack alone, or those that share it */
export const stormPlans = (property: Property, alone: boolean, count: number, seed: number): Plan[] =>
  fc.sample(property.plan(faultKinds, alone), { seed, numRuns: count });

/** Plans of 20 operations and 2 faults, each put together from smaller ones. */
export const largePlans = (property: Property, count: number, seed: number): Plan[] =>
  Array.from({ length: count }, (_, index) => large(property, seed + index));

function large(property: Property, seed: number): Plan {
  const operations: Plan["operations"] = [];
  const faults: Plan["faults"] = [];
  for (const [index, part] of stormPlans(property, false, LARGE.operations, seed).entries()) {
    if (operations.length + part.operations.length > LARGE.operations) continue;
    // ids of different parts must not meet; keys may
    const renamed = JSON.parse(JSON.stringify(part).replace(/"(d?[oc]o?\d+)"/g, `"$1x${index}"`)) as Plan;
    operations.push(...renamed.operations);
    faults.push(...renamed.faults.map((fault) => ({ ...fault, id: `${fault.id}x${index}` })));
  }
  return { operations, faults: faults.slice(0, LARGE.faults), schedule: seed };
}
