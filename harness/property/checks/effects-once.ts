import type { Checker } from "../../check/index.ts";
import type { HistoryView, LedgerRecord } from "../../history/index.ts";
import type { Group, Groups } from "../group.ts";
import type { AnyKind } from "../kind.ts";
import { violation } from "../violation.ts";

export interface EffectsOnce<Kinds extends AnyKind> {
  /** what a group asks for, each as often as it is to happen: by default one thing, called as the group is */
  required?(group: Group<Kinds>): readonly string[];
  /** which of these an effect is; undefined when it is none of this; by default the group that it is of */
  effect?(entry: LedgerRecord, view: HistoryView): string | undefined;
  /** whether all of it must have happened by the end: by default when somebody was told, or would have been, that it succeeded */
  isDue?(group: Group<Kinds>): boolean;
}

/** What was asked for happens as often as it was asked for, and no more often; not less often where it is due. */
export const effectsOnce = <Kinds extends AnyKind>(
  groups: Groups<Kinds>,
  { required = ({ key }) => [key], effect = groups.keyOfEffect, isDue = succeeded }: EffectsOnce<Kinds>,
): Checker =>
  groups.every((group, view) => {
    const wanted = required(group);
    const done = group.effects.flatMap((entry) => {
      const name = effect(entry, view);
      return name === undefined ? [] : [{ name, entry }];
    });
    const due = isDue(group);
    for (const name of new Set([...wanted, ...done.map((one) => one.name)])) {
      const asked = wanted.filter((one) => one === name).length;
      const own = done.filter((one) => one.name === name).map(({ entry }) => entry);
      if (own.length <= asked && (own.length === asked || !due)) continue;
      return violation(
        `${name} happened ${times(own.length)}, and was to happen ${times(asked)}.`,
        { expected: times(asked), seen: times(own.length) },
        own,
        group.operations,
      );
    }
    return undefined;
  });

const succeeded = ({ operations }: Group): boolean => operations.some(({ result }) => result !== undefined);

/** "never", "once", "3 times" */
export const times = (n: number): string => (n === 0 ? "never" : n === 1 ? "once" : `${n} times`);
