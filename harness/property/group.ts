import type { Checker } from "../check/index.ts";
import {
  type FaultRecord,
  type History,
  type HistoryView,
  type LedgerRecord,
  type OperationRecord,
  viewOf,
} from "../history/index.ts";
import type { Operation } from "../plan/index.ts";
import type { AnyKind, ArgsOf, RecordOf } from "./kind.ts";
import type { Violation } from "./violation.ts";

/** All that was asked about one thing, and all that happened for it. */
export interface Group<Kinds extends AnyKind = AnyKind> {
  /** what it is about */
  key: string;
  /** what the first of its operations was asked with */
  args: ArgsOf<Kinds>;
  /** those of the group's kinds, in the order of their invokes; the audit's and the recovery's included */
  operations: RecordOf<Kinds>[];
  /** the same, where duplicates are one */
  requests: RecordOf<Kinds>[];
  /** those that attached to one of them: they have its result */
  attached: OperationRecord[];
  /** attempts to cancel or to terminate one of them */
  interruptions: OperationRecord[];
  /** what external systems saw, and what changed there */
  ledger: LedgerRecord[];
  effects: LedgerRecord[];
  /** the last change of each thing at an external system, by a call or by time */
  latest: readonly LedgerRecord[];
  /** faults that were injected at a moment of one of them */
  faults: FaultRecord[];
  isCancelled: boolean;
  isTerminated: boolean;
  /** cancelled or terminated */
  isInterrupted: boolean;
}

/** What operations are about. */
export interface Groups<Kinds extends AnyKind = AnyKind> {
  in(view: HistoryView): readonly Group<Kinds>[];
  /** The group of that key, if anything was asked about it. */
  get(key: string, view: HistoryView): Group<Kinds> | undefined;
  /** The checker that judges every group: by the first violation, if there is one. */
  every(judge: (group: Group<Kinds>, view: HistoryView) => Violation | false | undefined): Checker;
  /** Whether some group is so. */
  some(is: (group: Group<Kinds>, view: HistoryView) => boolean): (view: HistoryView) => boolean;
  /** Whether some two operations of one group, the second invoked after the first, are so. */
  someTwo(are: (first: RecordOf<Kinds>, second: RecordOf<Kinds>) => boolean): (view: HistoryView) => boolean;
  /** What the operations of a plan are about, each once. */
  keysOf(operations: readonly Operation[]): string[];
  /** The group that an entry of the ledger belongs to; undefined when it is none of this. */
  keyOfEffect(entry: LedgerRecord, view: HistoryView): string | undefined;
  /** Whether somebody had asked about it before this place in the history. */
  isAsked(key: string, before: number, view: HistoryView): boolean;
}

export interface Grouping<Kinds extends AnyKind> {
  of: readonly Kinds[];
  /** what an operation is about */
  by(args: ArgsOf<Kinds>): string;
  /** what an entry of the ledger is about: by default its reference */
  effectsBy?(entry: LedgerRecord, view: HistoryView): string | undefined;
  /**
   * For each code, whether there was a good reason to refuse an operation with it in view of all that happened to its
   * group; where the operation is one way, to fail its invocation, as whoever attaches to it hears.
   */
  failsWith?(group: Group<Kinds>, one: RecordOf<Kinds>): Readonly<Record<number, boolean>>;
}

/**
 * Groups operations by what they are about, with all that happened on its behalf.
 *
 *     const trips = groupBy({ of: [book], by: ({ trip }) => trip });
 *     trips.every(({ effects, operations }) => effects.length > 1 && violation(`${key} was booked twice`, {}, effects))
 */
export function groupBy<Kinds extends AnyKind>(grouping: Grouping<Kinds>): Groups<Kinds> {
  const { of, effectsBy = ({ reference }) => reference, failsWith } = grouping;
  const made = new WeakMap<History, readonly Group<Kinds>[]>();
  const groupsIn = (view: HistoryView): readonly Group<Kinds>[] => {
    let groups = made.get(view.history);
    if (!groups) {
      groups = new Grouper(of, grouping.by, effectsBy, view).groups();
      made.set(view.history, groups);
    }
    return groups;
  };
  if (failsWith) {
    for (const kind of of)
      kind.definition.invocationFailsToo((record, view) => {
        const group = groupsIn(view).find(({ operations }) => operations.some(({ id }) => id === record.id));
        const one = group?.operations.find(({ id }) => id === record.id);
        return group && one ? codesIn(failsWith(group, one)) : [];
      });
  }
  const isOf = ({ kind }: Pick<Operation, "kind">) => of.some(({ definition }) => definition.name === kind);
  return {
    in: groupsIn,
    get: (key, view) => groupsIn(view).find((group) => group.key === key),
    every: (judge) => (history) => {
      const view = viewOf(history);
      for (const group of groupsIn(view)) {
        const violation = judge(group, view);
        if (violation) return { verdict: "invalid", evidence: violation };
      }
      return { verdict: "valid" };
    },
    some: (is) => (view) => groupsIn(view).some((group) => is(group, view)),
    someTwo: (are) => (view) =>
      groupsIn(view).some(({ operations }) =>
        operations.some((second, index) => operations.slice(0, index).some((first) => are(first, second))),
      ),
    keysOf: (operations) => [...new Set(operations.filter(isOf).map(({ args }) => grouping.by(args as ArgsOf<Kinds>)))],
    keyOfEffect: effectsBy,
    isAsked: (key, before, view) =>
      groupsIn(view).some((group) => group.key === key && group.operations.some(({ invoked }) => invoked < before)),
  };
}

/** Those codes for which there is a reason. */
const codesIn = (reasons: Readonly<Record<number, boolean>>): number[] =>
  Object.entries(reasons).flatMap(([code, isGood]) => (isGood ? [Number(code)] : []));

/** Sorts what a history says to the groups that it is about. */
class Grouper<Kinds extends AnyKind> {
  readonly #of: readonly Kinds[];
  readonly #by: (args: ArgsOf<Kinds>) => string;
  readonly #effectsBy: (entry: LedgerRecord, view: HistoryView) => string | undefined;
  readonly #view: HistoryView;
  readonly #groups = new Map<string, Group<Kinds>>();
  /** by the id of the operation */
  readonly #ofOperation = new Map<string, Group<Kinds>>();

  constructor(
    of: readonly Kinds[],
    by: (args: ArgsOf<Kinds>) => string,
    effectsBy: (entry: LedgerRecord, view: HistoryView) => string | undefined,
    view: HistoryView,
  ) {
    this.#of = of;
    this.#by = by;
    this.#effectsBy = effectsBy;
    this.#view = view;
  }

  groups(): readonly Group<Kinds>[] {
    const { operations, requests, ledger, faults } = this.#view;
    for (const one of this.#own(operations)) {
      const group = this.#group(one.args as ArgsOf<Kinds>);
      this.#ofOperation.set(one.id, group);
      group.operations.push(one);
      group.isCancelled ||= one.interruptedBy.has("cancel");
      group.isTerminated ||= one.isTerminated;
      group.isInterrupted ||= one.isInterrupted;
    }
    for (const one of this.#own(requests)) this.#group(one.args as ArgsOf<Kinds>).requests.push(one);
    for (const one of operations) {
      const group = one.of === undefined ? undefined : this.#ofOperation.get(one.of);
      if (group) (one.kind === "attach" ? group.attached : group.interruptions).push(one);
    }
    for (const entry of ledger) {
      const group = this.#groups.get(this.#effectsBy(entry, this.#view) ?? "");
      if (!group) continue;
      group.ledger.push(entry);
      if (entry.type === "effect") group.effects.push(entry);
    }
    for (const fault of faults) this.#ofOperation.get(fault.at.operation)?.faults.push(fault);
    return [...this.#groups.values()];
  }

  #own(records: readonly OperationRecord[]): RecordOf<Kinds>[] {
    return records.filter((one): one is OperationRecord & RecordOf<Kinds> => this.#of.some((kind) => kind.is(one)));
  }

  #group(args: ArgsOf<Kinds>): Group<Kinds> {
    const key = this.#by(args);
    let group = this.#groups.get(key);
    if (!group) {
      group = {
        key,
        args,
        operations: [],
        requests: [],
        attached: [],
        interruptions: [],
        ledger: [],
        effects: [],
        get latest() {
          return latestOf(this.ledger);
        },
        faults: [],
        isCancelled: false,
        isTerminated: false,
        isInterrupted: false,
      };
      this.#groups.set(key, group);
    }
    return group;
  }
}

function latestOf(ledger: readonly LedgerRecord[]): LedgerRecord[] {
  const changes = ledger.filter(({ type }) => type === "effect" || type === "lapse");
  return [...new Map(changes.map((entry) => [`${entry.system} ${entry.key}`, entry])).values()];
}
