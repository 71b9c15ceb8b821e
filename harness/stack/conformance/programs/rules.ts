import type { Scenario } from "../compare.ts";

/** The rules of FIDELITY.md by which a difference is none of the model's. */
export type Rule = "interleaving";

/** The rule that explains what the model never shows, all of it; nothing when there is none. */
export function ruleFor(_unknown: readonly string[], _scenario: Scenario): Rule | undefined {
  return undefined;
}
