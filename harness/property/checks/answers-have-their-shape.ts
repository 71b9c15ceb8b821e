import type { Checker } from "../../check/index.ts";
import { viewOf } from "../../history/index.ts";
import type { KindDefinition } from "../definition.ts";
import { textOf, violation } from "../violation.ts";

/** Whatever succeeds is answered with what its kind says it answers: all other invariants rely on that. */
export const answersHaveTheirShape =
  (kinds: ReadonlyMap<string, KindDefinition>): Checker =>
  (history) => {
    for (const one of viewOf(history).operations) {
      if (one.result === undefined) continue;
      const complaint = kinds.get(one.kind)?.answerComplaint(one.result);
      if (complaint === undefined) continue;
      return {
        verdict: "invalid",
        evidence: violation(
          `${one} was answered with something else than such an operation answers.`,
          { expected: complaint, seen: textOf(one.result) },
          one,
        ),
      };
    }
    return { verdict: "valid" };
  };
