import type { Checker } from "../../check/index.ts";
import {
  type FaultRecord,
  type HistoryEvent,
  type HistoryView,
  type LedgerRecord,
  viewOf,
} from "../../history/index.ts";
import type { Group, Groups } from "../group.ts";
import type { AnyKind } from "../kind.ts";
import { violation } from "../violation.ts";

/** Faults that hold a call to an external system until they are healed. */
const HOLDS = ["stall", "answer-late"];
/** After these everything may stand still for a moment, and the recovery phase may begin while there is more to do. */
const DISTURBING = ["kill-endpoint", "kill-server", "zombie", "cut-connection"];
/** No two events are so many milliseconds apart in a run that has not stood still. */
const STANDSTILL_MS = 100;

/** A call about one thing, held until another thing was done, or until nothing moved any more. */
interface Hold<Kinds extends AnyKind = AnyKind> {
  group: Group<Kinds>;
  fault: FaultRecord;
}

/** The calls that were held for long. */
function holdsIn<Kinds extends AnyKind>(groups: Groups<Kinds>, view: HistoryView): Hold<Kinds>[] {
  return groups
    .in(view)
    .flatMap((group) => group.faults.filter((fault) => isLong(fault, group)).map((fault) => ({ group, fault })));
}

/** Other moments of healing may come while the others are still on their way. */
function isLong({ kind, heal, healed }: FaultRecord, { operations }: Group): boolean {
  if (!HOLDS.includes(kind) || !Number.isFinite(healed)) return false;
  if (!heal) return true;
  return (
    heal.at === "operation" &&
    heal.point === "completion" &&
    heal.when === "before" &&
    !operations.some(({ id }) => id === heal.operation)
  );
}

/**
 * While a call about one thing is held up, others go on: by the time that it is released, because nothing moves any more,
 * whoever asked about another thing has its answer. That nothing moves is a matter of time, and only the first standstill of
 * a run is longer than anything may take: where it was not the first, nothing is said.
 */
export const notBlockedByOthers =
  (groups: Groups): Checker =>
  (history) => {
    const view = viewOf(history);
    if (view.faults.some(({ kind }) => DISTURBING.includes(kind))) return { verdict: "valid" };
    const free = groups.in(view).filter(({ faults }) => !faults.some(({ kind }) => HOLDS.includes(kind)));
    for (const { group, fault } of holdsIn(groups, view)) {
      if (stoodStill(view.events.slice(0, fault.healed))) continue;
      for (const { key, operations } of free) {
        const waiting = operations.find(({ invoked, left }) => invoked < fault.healed && left > fault.healed);
        if (!waiting) continue;
        return {
          verdict: "invalid",
          evidence: violation(
            `${waiting} got nowhere with ${key} while a call about ${group.key} was held up.`,
            { expected: "neither waits for the other", seen: "it went on only when the other did" },
            waiting,
            fault,
          ),
        };
      }
    }
    return { verdict: "valid" };
  };

/** Healing, and the recovery phase in which it is done, are nothing that the run does by itself. */
function stoodStill(events: readonly HistoryEvent[]): boolean {
  const own = events.filter(
    (event) => event.type !== "recovery" && !(event.type === "fault" && event.phase === "healed"),
  );
  return own.some(({ at }, place) => at - (own[place - 1]?.at ?? at) >= STANDSTILL_MS);
}

/** Whether something happened to one thing while a call about another was held: then they were under way at the same time. */
export const someGoesOn =
  (groups: Groups, isConcerned: (entry: LedgerRecord) => boolean = () => true) =>
  (view: HistoryView): boolean =>
    holdsIn(groups, view).some(({ group, fault }) =>
      view.ledger.some(
        (entry) =>
          isConcerned(entry) &&
          groups.keyOfEffect(entry, view) !== group.key &&
          entry.index > fault.injected &&
          entry.index < fault.healed,
      ),
    );
