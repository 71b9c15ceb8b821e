import { Graph, Kind } from "./graph.ts";
import type { Transaction } from "./transaction.ts";
import type { Append, List, Read, Versions } from "./versions.ts";

/**
 * The direct serialization graph of transactions that happened (Adya 1999), as far as the versions are known, and, if asked
 * for, the order of processes and of real time.
 *
 * Only what stands when a transaction commits is a version: what it appended to the same list before that adds no edge
 * between versions. Of a read that saw aborted or intermediate elements nothing is concluded either; it is an anomaly of
 * its own.
 */
export function dependencies(
  transactions: readonly Transaction[],
  versions: Versions,
  { session, realtime }: { session: boolean; realtime: boolean },
): Graph {
  const graph = new Graph(transactions.map(({ invoke }) => invoke));
  const unseen = new UnseenAppends(versions.lists);
  for (const list of versions.lists) addList(graph, transactions, versions, list, unseen);
  if (session) addSessions(graph, transactions, versions);
  if (realtime) addRealTime(graph, transactions, versions);
  return graph.seal();
}

/** Who appended to which lists in an order that nobody saw. */
class UnseenAppends {
  readonly #lists = new Map<number, Set<string>>();
  constructor(lists: readonly List[]) {
    for (const { key, beyond } of lists) {
      if (beyond.length === 1) continue;
      for (const { transaction } of beyond) {
        const own = this.#lists.get(transaction) ?? new Set();
        this.#lists.set(transaction, own.add(key));
      }
    }
  }
  /** A list to which both did. */
  common(one: number, other: number): string | undefined {
    const theirs = this.#lists.get(other);
    if (theirs === undefined) return undefined;
    for (const key of this.#lists.get(one) ?? []) if (theirs.has(key)) return key;
    return undefined;
  }
}

/** Of more appends than this that nobody saw it is not asked which transactions share another such list. */
const mostCompared = 100;

function addList(
  graph: Graph,
  transactions: readonly Transaction[],
  versions: Versions,
  list: List,
  unseen: UnseenAppends,
): void {
  const { key, order, beyond, reads } = list;
  const places = new Map<Append, number>();
  // By place in the order: the first version that stands there or after it.
  const nextVersion: (Append | undefined)[] = [];
  const isVersion = ({ isFinal, transaction }: Append) => isFinal && versions.happened[transaction];
  let next: Append | undefined;
  for (let place = order.length; place >= 0; place--) {
    const append = order[place];
    if (append) places.set(append, place);
    if (append && isVersion(append)) {
      if (next) graph.edge(append.transaction, next.transaction, Kind.ww, { key, before: append, after: next });
      next = append;
    }
    nextVersion[place] = next;
  }
  const last = order.findLast(isVersion);
  const rest = followers(graph, key, beyond);
  if (last) rest(last.transaction, Kind.ww, { before: last });
  // What was seen last is not all that its transaction appended. Whatever others appended came after it all the same.
  const top = order.at(-1);
  if (top && !top.isFinal && versions.happened[top.transaction]) rest(top.transaction, Kind.early, { before: top });
  for (const read of reads) {
    const seen = read.elements[read.foreign - 1];
    const isClean =
      seen === undefined
        ? read.foreign === 0
        : isVersion(seen) &&
          read.elements.every((element) => element && transactions[element.transaction]!.outcome !== "fail");
    if (!isClean) continue;
    if (seen) graph.edge(seen.transaction, read.transaction, Kind.wr, { key, before: seen, read });
    const place = seen ? places.get(seen) : -1;
    // With its own appends at the end, or beyond what is agreed upon, it shows nothing of what comes next.
    if (place === undefined || read.foreign < read.elements.length || place !== read.foreign - 1) continue;
    const missed = nextVersion[place + 1];
    if (missed) miss(graph, read, missed, unseen);
    else {
      rest(read.transaction, Kind.rw, { read });
      if (beyond.length <= mostCompared)
        for (const after of beyond)
          if (unseen.common(read.transaction, after.transaction)) miss(graph, read, after, unseen);
    }
  }
}

function miss(graph: Graph, read: Read, after: Append, unseen: UnseenAppends): void {
  const both = unseen.common(read.transaction, after.transaction);
  const kind = both === undefined ? Kind.rw : Kind.rmw;
  graph.edge(read.transaction, after.transaction, kind, { key: read.key, after, read, both });
}

/**
 * Draws edges to all the appends that come after what was seen, those of the transaction itself apart. They are strung on
 * two chains of nodes, one forwards and one backwards, so that there are not more edges than appends and readers.
 */
function followers(
  graph: Graph,
  key: string,
  beyond: readonly Append[],
): (from: number, kind: number, more: { before?: Append; read?: Read }) => void {
  const places = new Map(beyond.map(({ transaction }, place) => [transaction, place]));
  const upTo = lazy(() => chain(graph, key, beyond));
  const onFrom = lazy(() => chain(graph, key, beyond.toReversed()).reverse());
  return (from, asked, more) => {
    const own = places.get(from) ?? -1;
    const kind = own >= 0 && asked === Kind.rw ? Kind.rmw : asked;
    const both = kind === Kind.rmw ? key : undefined;
    const draw = (only: Append | undefined, nodes: () => readonly number[], place: number) =>
      only
        ? graph.edge(from, only.transaction, kind, { key, after: only, both, ...more })
        : graph.edge(from, nodes()[place]!, kind, { key, both, ...more });
    if (own > 0) draw(own === 1 ? beyond[0] : undefined, upTo, own - 1);
    const others = beyond.length - own - 1;
    if (others > 0) draw(others === 1 ? beyond[own + 1] : undefined, onFrom, own + 1);
  };
}

/** A node for each append, that leads to it and to the node before. */
function chain(graph: Graph, key: string, appends: readonly Append[]): number[] {
  const time = Math.min(...appends.map(({ transaction }) => graph.times[transaction]!));
  const nodes: number[] = [];
  for (const after of appends) {
    const node = graph.node(time);
    const previous = nodes.at(-1);
    if (previous !== undefined) graph.edge(node, previous, Kind.on);
    graph.edge(node, after.transaction, Kind.on, { key, after });
    nodes.push(node);
  }
  return nodes;
}

function lazy<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function addSessions(graph: Graph, transactions: readonly Transaction[], versions: Versions): void {
  const last = new Map<number | string, number>();
  for (const place of byInvoke(transactions, versions)) {
    const { process, outcome } = transactions[place]!;
    const previous = last.get(process);
    if (previous !== undefined) graph.edge(previous, place, Kind.session);
    if (outcome === "ok") last.set(process, place);
    else last.delete(process);
  }
}

/**
 * One node for each moment at which something began after something had ended, in a row: what has ended leads into the
 * row, and the row to what begins. So there are not more edges than three for each transaction.
 */
function addRealTime(graph: Graph, transactions: readonly Transaction[], versions: Versions): void {
  const ended = transactions
    .flatMap(({ outcome, completion }, place) =>
      outcome === "ok" && completion !== undefined ? [{ place, at: completion }] : [],
    )
    .sort((a, b) => a.at - b.at);
  let row: number | undefined;
  let next = 0;
  for (const place of byInvoke(transactions, versions)) {
    const { invoke } = transactions[place]!;
    const before = next;
    while (next < ended.length && ended[next]!.at < invoke) next++;
    if (next > before) {
      const moment = graph.node(invoke - 0.5);
      if (row !== undefined) graph.edge(row, moment, Kind.on);
      for (const { place: other } of ended.slice(before, next)) graph.edge(other, moment, Kind.realtime);
      row = moment;
    }
    if (row !== undefined) graph.edge(row, place, Kind.on);
  }
}

/** The transactions that happened. */
function byInvoke(transactions: readonly Transaction[], versions: Versions): number[] {
  const all = [...transactions.keys()].filter((place) => versions.happened[place]);
  return all.sort((a, b) => transactions[a]!.invoke - transactions[b]!.invoke);
}
