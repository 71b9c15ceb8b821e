/** Decides isolation the slow and certain way, for the tests of the checker: by trying every order. */
import type { Json } from "../../plan/index.ts";
import type { Transaction } from "./transaction.ts";

type Lists = Readonly<Record<string, readonly Json[]>>;

/**
 * Whether some order, one after the other, explains all reads. Those that failed are no part of it, those that nobody heard
 * of may be.
 * @param precedes an order that has to be kept besides
 */
export function isSerializable(
  transactions: readonly Transaction[],
  precedes: (one: Transaction, other: Transaction) => boolean = () => false,
): boolean {
  const goesOn = (lists: Lists, left: readonly Transaction[]): boolean => {
    if (left.every(({ outcome }) => outcome !== "ok")) return true;
    return left.some((next) => {
      if (left.some((other) => other !== next && precedes(other, next))) return false;
      const after = run(next, lists);
      return after !== undefined && goesOn(after, without(left, next));
    });
  };
  return goesOn({}, candidates(transactions));
}

/** Whether snapshots and a first committer that wins explain all reads. */
export function isSnapshotIsolated(
  transactions: readonly Transaction[],
  precedes: (one: Transaction, other: Transaction) => boolean = () => false,
): boolean {
  type Open = { transaction: Transaction; snapshot: Lists };
  const goesOn = (lists: Lists, left: readonly Transaction[], open: readonly Open[]): boolean => {
    if (left.every(({ outcome }) => outcome !== "ok") && open.every(({ transaction }) => transaction.outcome !== "ok"))
      return true;
    const commits = open.some((one) => {
      const { transaction, snapshot } = one;
      const written = transaction.operations.filter(({ f }) => f === "append").map(({ key }) => key);
      if (written.some((key) => lists[key]?.length !== snapshot[key]?.length)) return false;
      return goesOn(
        append(transaction, lists),
        left,
        open.filter((other) => other !== one),
      );
    });
    if (commits) return true;
    return left.some((next) => {
      const pending = [...left, ...open.map(({ transaction }) => transaction)];
      if (pending.some((other) => other !== next && precedes(other, next))) return false;
      if (run(next, lists) === undefined) return false;
      return goesOn(lists, without(left, next), [...open, { transaction: next, snapshot: lists }]);
    });
  };
  return goesOn({}, candidates(transactions), []);
}

/** It had committed before the other began. */
export const endedBefore = (one: Transaction, other: Transaction): boolean =>
  one.outcome === "ok" && one.completion !== undefined && one.completion < other.invoke;

/** So it had, and in the same process. */
export const sameProcessBefore = (one: Transaction, other: Transaction): boolean =>
  one.process === other.process && endedBefore(one, other);

const candidates = (transactions: readonly Transaction[]) => transactions.filter(({ outcome }) => outcome !== "fail");

const without = (all: readonly Transaction[], one: Transaction) => all.filter((other) => other !== one);

/** What the lists are after it; undefined when it would have read something else. */
function run({ operations, outcome }: Transaction, lists: Lists): Lists | undefined {
  let now = lists;
  for (const { f, key, value } of operations) {
    const held = now[key] ?? [];
    if (f === "append") now = { ...now, [key]: [...held, value] };
    else if (outcome === "ok" && JSON.stringify(value) !== JSON.stringify(held)) return undefined;
  }
  return now;
}

function append({ operations }: Transaction, lists: Lists): Lists {
  let now = lists;
  for (const operation of operations)
    if (operation.f === "append") now = { ...now, [operation.key]: [...(now[operation.key] ?? []), operation.value] };
  return now;
}
