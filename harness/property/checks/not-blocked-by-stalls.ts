import type { Checker } from "../../check/index.ts";
import { type HistoryView, viewOf } from "../../history/index.ts";
import { momentName } from "../../plan/index.ts";
import type { Group, Groups } from "../group.ts";
import type { AnyKind } from "../kind.ts";
import { violation } from "../violation.ts";

/** External calls of one operation that stalled while nothing else disturbed it. */
export interface Stall<Kinds extends AnyKind = AnyKind> {
  group: Group<Kinds>;
  operation: string;
  /** how many calls of the operation had come when the first of the stalled ones went on */
  arrived: number;
  stalled: number;
  /** something that the plan waits for has ended it: other calls may not have had their turn */
  isCutShort: boolean;
}

const STALL = "stall";

/** The stall of a run in which nothing but stalls of one operation's calls was injected, and nobody interrupted it. */
export function stallIn<Kinds extends AnyKind>(groups: Groups<Kinds>, view: HistoryView): Stall<Kinds> | undefined {
  const { faults, history } = view;
  const [operation, ...others] = new Set(faults.map(({ at }) => at.operation));
  const group = groups.in(view).find(({ operations }) => operations.some(({ id }) => id === operation));
  if (operation === undefined || others.length > 0 || !group || group.isInterrupted) return undefined;
  if (faults.some(({ kind }) => kind !== STALL)) return undefined;

  const { moments = [] } = history;
  const goOn = new Set(faults.map(({ at }) => momentName({ ...at, when: "after" })));
  const end = moments.findIndex((moment) => goOn.has(momentName(moment)));
  const until = moments.slice(0, end === -1 ? undefined : end);
  const passed = until.map(momentName);
  return {
    group,
    operation,
    arrived: until.filter((one) => one.at === "effect" && one.operation === operation && one.when === "before").length,
    stalled: faults.length,
    isCutShort: faults.some(
      ({ at, heal }) => heal && passed.indexOf(momentName(heal)) > passed.indexOf(momentName(at)),
    ),
  };
}

/**
 * What is under way at the same time does not wait for each other: where calls stall, all others of the operation arrive
 * all the same. A stall that nothing ends lasts until the run stands still, and by then all of them have been there. No
 * clock is asked.
 * @param calls how many external calls an operation of the group makes
 */
export const notBlockedByStalls =
  <Kinds extends AnyKind>(groups: Groups<Kinds>, calls: (group: Group<Kinds>) => number): Checker =>
  (history) => {
    const view = viewOf(history);
    const stall = stallIn(groups, view);
    if (!stall || stall.isCutShort || stall.arrived >= calls(stall.group)) return { verdict: "valid" };
    const { operation, arrived, stalled, group } = stall;
    const among = stalled === 1 ? "the one that stalled" : `the ${stalled} that stalled`;
    return {
      verdict: "invalid",
      evidence: violation(
        `Of the ${calls(group)} external calls of ${operation}, ${arrived} came, among them ${among}: the others waited for that.`,
        { expected: `${calls(group)} calls, whatever becomes of one`, seen: `${arrived} calls` },
        view.faults,
        group.effects,
      ),
    };
  };
