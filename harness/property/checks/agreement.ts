import { isDeepStrictEqual } from "node:util";
import type { Checker } from "../../check/index.ts";
import type { Json } from "../../plan/index.ts";
import type { Group, Groups } from "../group.ts";
import type { AnyKind, RecordOf } from "../kind.ts";
import { textOf, violation } from "../violation.ts";

/**
 * Everybody who is told the value of one thing is told the same (agreement, of the consensus literature); nobody who asks
 * after that is told that there is none yet.
 * @param told what an operation was told: the value, null for none yet, undefined when it was told nothing
 */
export const agreement = <Kinds extends AnyKind>(
  groups: Groups<Kinds>,
  told: (one: RecordOf<Kinds>, group: Group<Kinds>) => Json | undefined,
): Checker =>
  groups.every((group) => {
    const { key, operations } = group;
    const answers = operations
      .flatMap((one) => {
        const value = told(one, group);
        return value === undefined ? [] : [{ one, value }];
      })
      .sort((a, b) => a.one.completed - b.one.completed);
    const first = answers.find(({ value }) => value !== null);
    if (!first) return undefined;
    for (const { one, value } of answers) {
      if (value === null && one.invoked < first.one.completed) continue;
      if (isDeepStrictEqual(value, first.value)) continue;
      const seen = value === null ? "that there is none" : textOf(value);
      return violation(
        `${first.one} was told that ${key} is ${textOf(first.value)}, and ${one} was told ${seen}.`,
        { expected: textOf(first.value), seen: value === null ? "no value" : seen },
        first.one,
        one,
      );
    }
    return undefined;
  });
