import fc from "fast-check";
import { faultKinds } from "../faults/index.ts";
import type { Plan, Profiles } from "../plan/index.ts";
import type { Property } from "../property/index.ts";

/** A size at which it is measured how fast plans run: large, as plans go. */
export const LARGE = { operations: 20, faults: 2 };

/** Plans as a storm makes them. @param exclusive those that need the stack for themselves, or those that share it */
export const stormPlans = (
  property: Property,
  profiles: Profiles,
  exclusive: boolean,
  count: number,
  seed: number,
): Plan[] => fc.sample(property.plans({ faults: faultKinds, exclusive, profiles }), { seed, numRuns: count });

/** Plans of 20 operations and 2 faults, each put together from smaller ones. */
export const largePlans = (property: Property, profiles: Profiles, count: number, seed: number): Plan[] =>
  Array.from({ length: count }, (_, index) => large(property, profiles, seed + index));

function large(property: Property, profiles: Profiles, seed: number): Plan {
  const operations: Plan["operations"] = [];
  const faults: Plan["faults"] = [];
  for (const [index, part] of stormPlans(property, profiles, false, LARGE.operations, seed).entries()) {
    if (operations.length + part.operations.length > LARGE.operations) continue;
    // ids of different parts must not meet; keys may
    const renamed = JSON.parse(JSON.stringify(part).replace(/"([dw]?[oc]o?\d+)"/g, `"$1x${index}"`)) as Plan;
    operations.push(...renamed.operations);
    faults.push(...renamed.faults.map((fault) => ({ ...fault, id: `${fault.id}x${index}` })));
  }
  return { operations, faults: faults.slice(0, LARGE.faults), schedule: seed };
}
