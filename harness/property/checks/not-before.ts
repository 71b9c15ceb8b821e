import type { Checker } from "../../check/index.ts";
import type { LedgerRecord } from "../../history/index.ts";
import type { Groups } from "../group.ts";
import type { AnyKind, RecordOf } from "../kind.ts";
import { violation } from "../violation.ts";

/** Clocks tick: so many milliseconds early are forgiven. */
const TOLERANCE_MS = 5;

export interface NotBefore<Kinds extends AnyKind> {
  /** how many milliseconds after its invoke an operation is due; undefined when it asks for nothing */
  dueAfter(one: RecordOf<Kinds>): number | undefined;
  /** whether an effect must wait until then: by default each of the group must */
  isConcerned?(entry: LedgerRecord): boolean;
}

/**
 * Nothing begins before its time: neither an invocation that was asked for nor an effect. The earliest time counts that any
 * of a group's operations allows, those that nobody answered included. What nobody asked for is no concern of this check.
 */
export const notBefore = <Kinds extends AnyKind>(
  groups: Groups<Kinds>,
  { dueAfter, isConcerned = () => true }: NotBefore<Kinds>,
): Checker =>
  groups.every(({ key, operations, effects }, { events }) => {
    const asked = operations.flatMap((one) => {
      const delay = dueAfter(one);
      return delay === undefined ? [] : [{ one, due: (events[one.invoked]?.at ?? 0) + delay }];
    });
    if (asked.length === 0) return undefined;
    const due = Math.min(...asked.map((it) => it.due));
    const begun = events.findIndex(
      (event) =>
        event.type === "attempt" && event.phase === "started" && asked.some(({ one }) => one.id === event.operation),
    );
    for (const place of [begun, ...effects.filter(isConcerned).map(({ index }) => index)]) {
      const early = due - (events[place]?.at ?? due);
      if (early <= TOLERANCE_MS) continue;
      return violation(
        `${key} began ${Math.round(early)} ms too early.`,
        { expected: `from ${Math.round(due)} ms on`, seen: `at ${Math.round(due - early)} ms` },
        place,
        asked.map(({ one }) => one),
      );
    }
    return undefined;
  });
