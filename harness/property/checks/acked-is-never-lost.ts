import type { Checker } from "../../check/index.ts";
import type { Group, Groups } from "../group.ts";
import type { AnyKind, RecordOf } from "../kind.ts";
import { violation } from "../violation.ts";

export interface AckedIsNeverLost<Kinds extends AnyKind> {
  /** whether an operation that succeeded is the promise that something will be done: by default each is */
  isAck?(one: RecordOf<Kinds>): boolean;
  /** whether it was done, or definitely refused: by default an external system did something for the group, or refused to */
  isSettled?(group: Group<Kinds>): boolean;
}

/** Durability: what somebody was told is accepted is done by the end, or refused there; unless somebody interrupted it. */
export const ackedIsNeverLost = <Kinds extends AnyKind>(
  groups: Groups<Kinds>,
  { isAck = () => true, isSettled = wasDoneOrRefused }: AckedIsNeverLost<Kinds> = {},
): Checker =>
  groups.every((group) => {
    const acked = group.operations.find((one) => one.outcome === "ok" && isAck(one));
    if (!acked || group.isInterrupted || isSettled(group)) return undefined;
    return violation(`${group.key} was accepted, and nothing came of it.`, { expected: "it is done" }, acked);
  });

const wasDoneOrRefused = ({ ledger }: Group): boolean =>
  ledger.some(({ type }) => type === "effect" || type === "refusal");
