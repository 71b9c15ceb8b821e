import type { Json } from "../../plan/index.ts";
import { encode } from "../encode.ts";
import type { Transaction } from "./transaction.ts";

/** An element of a list: each value is appended to a list once, so that a read shows whose appends it saw. */
export interface Append {
  transaction: number;
  key: string;
  value: Json;
  /** no later append of its transaction to this list: what stands when the transaction commits */
  isFinal: boolean;
}

/** A read of a transaction that committed. */
export interface Read {
  transaction: number;
  key: string;
  /** the elements that it showed; undefined for one that nobody appended */
  elements: readonly (Append | undefined)[];
  /** how many of the elements come before its own appends at the end */
  foreign: number;
}

/** What is known of the order in which appends to one list took effect. */
export interface List {
  key: string;
  reads: Read[];
  /** the appends in their order, as far as all reads agree */
  order: Append[];
  /** two reads of which neither continues the other */
  conflict: [Read, Read] | undefined;
  /** final appends that took effect after all of `order`, in an order that nobody saw */
  beyond: Append[];
}

/** Two appends of one value to one list: then reads do not tell whose appends they saw. */
export class Unrecoverable extends Error {
  override readonly name = "Unrecoverable";
}

/** How the appends to each list are ordered, as far as the reads show it. */
export interface Versions {
  lists: List[];
  /** by transaction: it committed, or nobody knows but somebody saw it */
  happened: boolean[];
}

/**
 * Recovers the order of versions from the reads: a list shows every append before it in its order, and each value is
 * appended once (Kingsbury and Alvaro 2020, recoverability and traceability).
 * @throws Unrecoverable
 */
export function versionsOf(transactions: readonly Transaction[]): Versions {
  const appends = appendsOf(transactions);
  const happened = transactions.map(({ outcome }) => outcome === "ok");
  const lists = new Map(
    [...appends.keys()].map((key): [string, List] => [
      key,
      { key, reads: [], order: [], conflict: undefined, beyond: [] },
    ]),
  );
  for (const read of readsOf(transactions, appends)) {
    for (const append of read.elements)
      if (append && transactions[append.transaction]!.outcome === "info") happened[append.transaction] = true;
    const list = lists.get(read.key);
    if (list) list.reads.push(read);
    else lists.set(read.key, { key: read.key, reads: [read], order: [], conflict: undefined, beyond: [] });
  }
  for (const list of lists.values()) findOrder(list);
  for (const [key, all] of appends) {
    const list = lists.get(key)!;
    const seen = new Set(list.order);
    for (const append of all.values())
      if (append.isFinal && happened[append.transaction] && !seen.has(append)) list.beyond.push(append);
  }
  return { lists: [...lists.values()], happened };
}

/** By list and value. */
function appendsOf(transactions: readonly Transaction[]): Map<string, Map<string, Append>> {
  const lists = new Map<string, Map<string, Append>>();
  transactions.forEach(({ operations }, transaction) => {
    const last = new Map<string, Append>();
    for (const operation of operations) {
      if (operation.f !== "append") continue;
      const { key, value } = operation;
      const own = lists.get(key) ?? new Map<string, Append>();
      lists.set(key, own);
      const code = encode(value);
      const other = own.get(code);
      if (other)
        throw new Unrecoverable(
          `${transactions[other.transaction]!.name} and ${transactions[transaction]!.name} both append ${JSON.stringify(value)} to ${key}: reads do not show which of them they saw`,
        );
      const previous = last.get(key);
      if (previous) previous.isFinal = false;
      const append = { transaction, key, value, isFinal: true };
      own.set(code, append);
      last.set(key, append);
    }
  });
  return lists;
}

function* readsOf(
  transactions: readonly Transaction[],
  appends: ReadonlyMap<string, ReadonlyMap<string, Append>>,
): Generator<Read> {
  for (const [transaction, { outcome, operations }] of transactions.entries()) {
    if (outcome !== "ok") continue;
    for (const operation of operations) {
      if (operation.f !== "read" || operation.value === undefined) continue;
      const own = appends.get(operation.key);
      const elements = operation.value.map((value) => own?.get(encode(value)));
      let foreign = elements.length;
      while (foreign > 0 && elements[foreign - 1]?.transaction === transaction) foreign--;
      yield { transaction, key: operation.key, elements, foreign };
    }
  }
}

/** The longest read shows the order; where another one disagrees with it, the order is known up to there only. */
function findOrder(list: List): void {
  if (list.reads.length === 0) return;
  const trusted = (read: Read): Append[] => {
    const seen = new Set<Append>();
    for (const element of read.elements) {
      if (element === undefined || seen.has(element)) break;
      seen.add(element);
    }
    return [...seen];
  };
  const paths = list.reads.map(trusted);
  let longest = 0;
  paths.forEach((path, k) => {
    if (path.length > paths[longest]!.length) longest = k;
  });
  const order = paths[longest]!;
  let agreed = order.length;
  paths.forEach((path, k) => {
    let same = 0;
    while (same < path.length && path[same] === order[same]) same++;
    if (same === path.length) return;
    if (list.conflict === undefined) list.conflict = [list.reads[longest]!, list.reads[k]!];
    agreed = Math.min(agreed, same);
  });
  list.order = order.slice(0, agreed);
}
