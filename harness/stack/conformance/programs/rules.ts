import type { Execution, Scenario } from "../compare.ts";
import { isKnown } from "./facts.ts";

/** The rules of FIDELITY.md by which the model need not show a run of the real server message by message. */
export type Rule = "interleaving" | "attempted once more";

/** Every fact of the real run is one of the model's: it is only their order that was not met. */
export const isInterleaving = (facts: ReadonlySet<string>, known: ReadonlySet<string>): boolean =>
  [...facts].every((fact) => isKnown(fact, known));

/**
 * The kill was answered, and an attempt that failed before the invoker let go was followed by one more. All that the model
 * does not show is what that invocation said, was told and called; never a result, an answer or state.
 */
export function isAttemptedOnceMore(
  unknown: readonly string[],
  { crashPoint, fault }: Scenario,
  { recorded }: Pick<Execution, "recorded">,
): boolean {
  if (!crashPoint || !fault || !("end" in fault) || fault.end !== "kill") return false;
  const { target, attempt } = crashPoint;
  const label = target.split(" ")[1] ?? "";
  const own = [`a message of ${target}:`, `the commands of ${target}:`, `the external system is called for @${label}/`];
  return (
    recorded.some((one) => one.target === target && one.number > attempt) &&
    unknown.every((fact) => own.some((beginning) => fact.startsWith(beginning)))
  );
}
