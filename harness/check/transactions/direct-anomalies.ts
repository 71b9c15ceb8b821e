import type { AnomalyName } from "./levels.ts";
import { Cast, formatList, formatRead, formatValue } from "./story.ts";
import type { MicroOperation, Transaction } from "./transaction.ts";
import type { Append, List, Read, Versions } from "./versions.ts";

export interface Anomaly {
  name: AnomalyName;
  /** positions of the transactions that are part of it */
  transactions: number[];
  /** sentences: who is who, what each saw, and why that cannot be */
  story: string[];
}

/** The anomalies that need no graph: of single reads, of two reads, and of two appends. */
export function* directAnomalies(transactions: readonly Transaction[], versions: Versions): Generator<Anomaly> {
  for (const list of versions.lists) {
    for (const read of list.reads) yield* ofRead(transactions, read);
    yield* incompatibleOrder(transactions, list);
    yield* dirtyUpdates(transactions, versions, list);
    yield* lostUpdates(transactions, list);
  }
  for (const place of transactions.keys()) yield* internal(transactions, place);
}

function anomaly(
  transactions: readonly Transaction[],
  name: AnomalyName,
  members: number[],
  format: (name: (transaction: number) => string) => string,
): Anomaly {
  const cast = new Cast(transactions, members);
  return {
    name,
    transactions: [...new Set(members)],
    story: [...cast.introduction(), format((member) => cast.name(member))],
  };
}

function* ofRead(transactions: readonly Transaction[], read: Read): Generator<Anomaly> {
  const { transaction: reader, key, elements, foreign } = read;
  const seen = new Set<Append>();
  for (const element of elements) {
    if (element === undefined) {
      const garbage = transactions[reader]!.operations.find(
        (operation) => operation.f === "read" && operation.key === key && operation.value?.length === elements.length,
      );
      const shown = garbage?.f === "read" && garbage.value ? formatList(garbage.value) : formatRead(read);
      yield anomaly(
        transactions,
        "garbage-read",
        [reader],
        (name) => `${name(reader)} read ${key} as ${shown}, with a value that nobody appended.`,
      );
      return;
    }
    if (seen.has(element)) {
      yield anomaly(
        transactions,
        "duplicate-elements",
        [reader, element.transaction],
        (name) =>
          `${name(reader)} read ${key} as ${formatRead(read)}: ${formatValue(element)}, which ${name(element.transaction)} appended once, is there twice.`,
      );
      return;
    }
    seen.add(element);
  }
  const aborted = elements.find((element) => element && transactions[element.transaction]!.outcome === "fail");
  if (aborted)
    yield anomaly(
      transactions,
      "G1a",
      [reader, aborted.transaction],
      (name) =>
        `${name(reader)} read ${key} as ${formatRead(read)}: it saw ${formatValue(aborted)} of ${name(aborted.transaction)}, which failed.`,
    );
  const last = elements[foreign - 1];
  if (last && !last.isFinal && last.transaction !== reader)
    yield anomaly(
      transactions,
      "G1b",
      [reader, last.transaction],
      (name) =>
        `${name(reader)} read ${key} as ${formatRead(read)}: it saw ${formatValue(last)} of ${name(last.transaction)}, and not what ${name(last.transaction)} appended to ${key} after that.`,
    );
}

function* incompatibleOrder(transactions: readonly Transaction[], { key, conflict }: List): Generator<Anomaly> {
  if (conflict === undefined) return;
  const [one, other] = conflict;
  yield anomaly(
    transactions,
    "incompatible-order",
    [one.transaction, other.transaction],
    (name) =>
      `${name(one.transaction)} read ${key} as ${formatRead(one)}, and ${name(other.transaction)} as ${formatRead(other)}: a list only grows, and neither of these grows into the other.`,
  );
}

function* dirtyUpdates(transactions: readonly Transaction[], versions: Versions, list: List): Generator<Anomaly> {
  for (const [place, append] of list.order.entries()) {
    const below = list.order[place - 1];
    if (below === undefined || below.transaction === append.transaction) continue;
    const failed = transactions[below.transaction]!.outcome === "fail";
    if (!versions.happened[append.transaction] || (below.isFinal && !failed)) continue;
    const why = failed ? "which failed" : `which had not done: it appended more to ${list.key} after that`;
    yield anomaly(
      transactions,
      "dirty-update",
      [append.transaction, below.transaction],
      (name) =>
        `In ${list.key}, ${formatValue(append)} of ${name(append.transaction)} stands upon ${formatValue(below)} of ${name(below.transaction)}, ${why}.`,
    );
  }
}

/** Two transactions that read the same version of a list, and both appended to it: one of them did not see the other. */
function* lostUpdates(transactions: readonly Transaction[], { key, reads }: List): Generator<Anomaly> {
  const readers = new Map<Append | undefined, Read>();
  const considered = new Set<number>();
  for (const read of reads) {
    const { transaction, elements } = read;
    if (considered.has(transaction)) continue;
    considered.add(transaction);
    if (elements.includes(undefined) || !readsThenAppends(transactions[transaction]!, key)) continue;
    const version = elements.at(-1);
    const other = readers.get(version);
    if (other === undefined) readers.set(version, read);
    else if (other.elements.length === elements.length)
      yield anomaly(
        transactions,
        "lost-update",
        [other.transaction, transaction],
        (name) =>
          `${name(other.transaction)} and ${name(transaction)} both read ${key} as ${formatRead(read)}, and then both appended to it: whichever came second had not seen the other.`,
      );
  }
}

function readsThenAppends({ operations }: Transaction, key: string): boolean {
  const own = operations.filter((operation) => operation.key === key);
  return own[0]?.f === "read" && own.some(({ f }) => f === "append");
}

/** Within a transaction, a read shows what the reads before it showed, and its own appends since then, and nothing else. */
function* internal(transactions: readonly Transaction[], place: number): Generator<Anomaly> {
  const { outcome, operations } = transactions[place]!;
  if (outcome !== "ok") return;
  const before = new Map<string, Extract<MicroOperation, { f: "append" }>[]>();
  const known = new Map<string, readonly unknown[]>();
  for (const [index, operation] of operations.entries()) {
    const { f, key } = operation;
    const own = before.get(key) ?? [];
    if (f === "append") before.set(key, [...own, operation]);
    else if (operation.value !== undefined) {
      const values = operation.value.map((value) => JSON.stringify(value));
      const appended = own.map(({ value }) => JSON.stringify(value));
      const start = known.get(key) ?? values.slice(0, Math.max(0, values.length - appended.length));
      const expected = [...start, ...appended];
      const isEarly = operations
        .slice(index + 1)
        .some((later) => later.f === "append" && later.key === key && values.includes(JSON.stringify(later.value)));
      if (isEarly || expected.join("\n") !== values.join("\n")) {
        const shown = formatList(operation.value);
        const why = isEarly
          ? "which shows what it appended only after that"
          : appended.length > 0
            ? `although it had appended ${own.map(({ value }) => JSON.stringify(value)).join(", ")} before that`
            : "although it had read something else before that";
        yield anomaly(transactions, "internal", [place], (name) => `${name(place)} read ${key} as ${shown}, ${why}.`);
        return;
      }
      known.set(key, values);
      before.set(key, []);
    }
  }
}
