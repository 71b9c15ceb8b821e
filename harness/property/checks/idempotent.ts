import { isDeepStrictEqual } from "node:util";
import type { Checker } from "../../check/index.ts";
import { type OperationRecord, viewOf } from "../../history/index.ts";
import type { KindDefinition } from "../definition.ts";
import { textOf, violation } from "../violation.ts";

/**
 * Whoever makes the same request gets the same answer, from the same invocation, and the one with which the invocation
 * ended; however often it is made, and whoever lost the answer before. Who attaches to it gets it as well.
 */
export const idempotent =
  (kinds: ReadonlyMap<string, KindDefinition>): Checker =>
  (history) => {
    const isOneWay = (one: OperationRecord) => kinds.get(one.kind)?.isOneWay(one) === true;
    const view = viewOf(history);
    const answers = new Map<string, OperationRecord>();
    const invocations = new Map<string, OperationRecord>();
    for (const one of view.operations) {
      const made = one.kind === "attach" ? view.operation(one.of ?? "") : one;
      if (!made || (one.kind !== "attach" && made.identity === undefined)) continue;
      const request = made.identity ?? made.id;
      if (one.invocation !== undefined) {
        const other = invocations.get(request);
        if (!other) invocations.set(request, one);
        else if (other.invocation !== one.invocation)
          return { verdict: "invalid", evidence: differ(other, one, "came from", other.invocation, one.invocation) };
      }
      // that a one-way call was accepted is no answer of its invocation
      if (one.result === undefined || (one.kind !== "attach" && isOneWay(one))) continue;
      const kind = isOneWay(made) ? request : `${made.kind} ${request}`;
      const other = answers.get(kind);
      if (!other) answers.set(kind, one);
      else if (!isDeepStrictEqual(other.result, one.result))
        return { verdict: "invalid", evidence: differ(other, one, "got", other.result, one.result) };
    }
    return { verdict: "valid" };
  };

function differ(a: OperationRecord, b: OperationRecord, verb: string, first: unknown, second: unknown) {
  const [one, other] = [textOf(JSON.parse(JSON.stringify(first))), textOf(JSON.parse(JSON.stringify(second)))];
  return violation(
    `One request, two answers: ${a} ${verb} ${one}, and ${b} ${verb} ${other}.`,
    { expected: one, seen: other },
    a,
    b,
  );
}
