import type { Property } from "../property/index.ts";
import type { Settings } from "./settings.ts";

/** Which invariants are judged: all when absent. */
export type Choice = Pick<Settings, "only" | "skip">;

/**
 * The property with the invariants that are to be judged, and the names of the others. What is not judged hides nothing:
 * neither by failing first, nor as one after whose failure the others mean nothing.
 */
export function judged(property: Property, { only, skip = [] }: Choice): { property: Property; unjudged: string[] } {
  const names = Object.keys(property.invariants);
  const unjudged = names.filter((name) => skip.includes(name) || (only !== undefined && !only.includes(name)));
  if (unjudged.length === 0) return { property, unjudged };
  const chosen = Object.entries(property.invariants).filter(([name]) => !unjudged.includes(name));
  return { property: { ...property, invariants: Object.fromEntries(chosen) }, unjudged };
}

/** What is wrong with a choice, if anything: that it names an invariant which is none of these. */
export function unknownInvariant({ only = [], skip = [] }: Choice, invariants: readonly string[]): string | undefined {
  const known = [...new Set(invariants)].sort();
  for (const [variable, names] of Object.entries({ ONLY: only, SKIP: skip }))
    for (const name of names)
      if (!known.includes(name))
        return `${variable}=${names.join(",")}: no property has an invariant "${name}"; there are\n${known.map((one) => `  ${one}`).join("\n")}`;
  return undefined;
}
