import type { Checker } from "../../check/index.ts";
import { type HistoryView, viewOf } from "../../history/index.ts";
import type { Group, Groups } from "../group.ts";
import type { AnyKind } from "../kind.ts";
import { violation } from "../violation.ts";

/** From one place in a history to another, both included; Infinity where it never came to that. */
export interface Stretch {
  from: number;
  to: number;
}

/** Things that wait in line until one of a few slots is theirs, and work while they hold it. */
export interface Slots<Kinds extends AnyKind> {
  /** how many slots a line has */
  limit: number;
  line(group: Group<Kinds>): string;
  /** when a thing worked, for certain */
  worked(group: Group<Kinds>, view: HistoryView): Stretch;
  /** where slots of a line were given back by those who worked, or may have been: it need not be known by whom */
  givenBack(line: string, view: HistoryView): readonly number[];
}

/** Things that are let in by their priority. */
export interface Prioritised<Kinds extends AnyKind> extends Slots<Kinds> {
  /** when a thing got in line: from when it asked to, until it stood there */
  queued(group: Group<Kinds>, view: HistoryView): Stretch;
  /** the lower, the sooner */
  priority(group: Group<Kinds>): number;
}

/** There are never more in flight than there are slots. */
export const neverMoreThanTheLimit =
  <Kinds extends AnyKind>(groups: Groups<Kinds>, slots: Slots<Kinds>): Checker =>
  (history) => {
    const view = viewOf(history);
    const inFlight = inFlightIn(groups, slots, view);
    for (const group of groups.in(view)) {
      const line = slots.line(group);
      const { from } = slots.worked(group, view);
      if (inFlight(line, from) <= slots.limit) continue;
      return {
        verdict: "invalid",
        evidence: violation(
          `When ${group.key} was let in, ${line} had ${inFlight(line, from)} in flight.`,
          { expected: `at most ${slots.limit}`, seen: String(inFlight(line, from)) },
          groups.in(view).flatMap((one) => (slots.line(one) === line ? [slots.worked(one, view).from] : [])),
          slots.givenBack(line, view),
        ),
      };
    }
    return { verdict: "valid" };
  };

/** How many of a line are in flight at a place of the history, at least. */
function inFlightIn<Kinds extends AnyKind>(groups: Groups<Kinds>, slots: Slots<Kinds>, view: HistoryView) {
  const all = groups.in(view).map((group) => ({ line: slots.line(group), worked: slots.worked(group, view) }));
  const givenBack = new Map(all.map(({ line }) => [line, slots.givenBack(line, view)]));
  return (line: string, place: number): number => {
    if (place === Number.POSITIVE_INFINITY) return 0; // it never came to that
    const begun = all.filter((one) => one.line === line && one.worked.from <= place);
    const atWork = begun.filter(({ worked }) => place <= worked.to);
    const back = givenBack.get(line)?.filter((where) => where < place) ?? [];
    return Math.max(atWork.length, begun.length - back.length);
  };
}

/** Of those who wait for a slot, nobody is passed by one of a worse priority. */
export const bestPriorityFirst = <Kinds extends AnyKind>(groups: Groups<Kinds>, slots: Prioritised<Kinds>): Checker =>
  nobodyIsPassed(
    groups,
    slots,
    (waiting, passing) =>
      waiting.priority < passing.priority && (waiting.queued.to < passing.queued.from || waiting.isQueuedWhenFull),
  );

/** Of those who wait for a slot with the same priority, nobody is passed by one who came later. */
export const firstComeFirstServed = <Kinds extends AnyKind>(
  groups: Groups<Kinds>,
  slots: Prioritised<Kinds>,
): Checker =>
  nobodyIsPassed(
    groups,
    slots,
    (waiting, passing) => waiting.priority === passing.priority && waiting.queued.to < passing.queued.from,
  );

interface InLine {
  priority: number;
  queued: Stretch;
  /** when it stood in line, all slots were taken: whoever did not work yet was waiting as well */
  isQueuedWhenFull: boolean;
}

/**
 * When somebody got a slot is seen only when he works. Where all slots are seen to be taken, nobody else has one: only then
 * is anything said.
 */
const nobodyIsPassed =
  <Kinds extends AnyKind>(
    groups: Groups<Kinds>,
    slots: Prioritised<Kinds>,
    isUnjust: (waiting: InLine, passing: InLine) => boolean,
  ): Checker =>
  (history) => {
    const view = viewOf(history);
    const inFlight = inFlightIn(groups, slots, view);
    const all = groups.in(view).map((group) => {
      const [line, queued] = [slots.line(group), slots.queued(group, view)];
      const isQueuedWhenFull = inFlight(line, queued.to) >= slots.limit;
      const { from } = slots.worked(group, view);
      return { group, line, queued, from, priority: slots.priority(group), isQueuedWhenFull };
    });
    for (const passing of all) {
      const { line, from } = passing;
      if (inFlight(line, from) < slots.limit) continue;
      const waiting = all.find(
        (one) =>
          one.line === line &&
          one.queued.to < from &&
          from < one.from &&
          // who gives up leaves the line
          !one.group.isInterrupted &&
          isUnjust(one, passing),
      );
      if (!waiting) continue;
      const [first, second] = [waiting, passing].map(({ group, priority }) => `${group.key} (priority ${priority})`);
      return {
        verdict: "invalid",
        evidence: violation(
          `In ${line}, ${first} was waiting, and ${second} went first.`,
          { expected: "the best priority first, and who came first within one" },
          [waiting.queued.to, passing.queued.to, from, waiting.from],
        ),
      };
    }
    return { verdict: "valid" };
  };
