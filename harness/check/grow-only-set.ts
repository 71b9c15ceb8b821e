import type { Json } from "../plan/index.ts";
import { type Budget, defaultBudget } from "./checker.ts";
import { encode } from "./encode.ts";
import type { Evidence, Verdict } from "./verdict.ts";

/** An addition to a set, or a reading of all of it; the places in the list of events tell when. */
export type SetOperation = { name: string; invoke: number; completion: number | undefined } & (
  | { add: Json }
  | { read: readonly Json[] }
);

/**
 * A set that only grows is linearizable: every read shows all that was added before it, and nothing else.
 *
 * `completion` is undefined for what never answered; such an addition may have happened at any later time or never,
 * and such a read says nothing. The general search would try subsets of the unanswered additions. Here it is enough
 * to look for a cycle among these orders: what answered before something was invoked precedes it; an addition precedes the
 * reads that show its element, and comes after those that do not. Of several additions of one element, the one invoked
 * first does for a read that shows it. Without a cycle any order that respects all of them is a linearization.
 */
export function growOnlySet(operations: readonly SetOperation[], budget: Budget = defaultBudget): Verdict {
  const additions = new Map<string, number[]>();
  operations.forEach((operation, k) => {
    if ("add" in operation) getOrAdd(additions, encode(operation.add)).push(k);
  });
  const reads = operations.filter((operation) => "read" in operation).length;
  const bytes = reads * additions.size * bytesEach;
  if (bytes > (budget.bytes ?? defaultBudget.bytes))
    return { verdict: "unknown", reason: `${reads} reads of ${additions.size} elements take about ${bytes} bytes` };
  const graph = new Graph(operations.length);
  for (const [k, operation] of operations.entries()) {
    if (!("read" in operation) || operation.completion === undefined) continue;
    const shown = new Set(operation.read.map((element) => encode(element)));
    if (shown.size < operation.read.length)
      return invalid(operations, [k], `${format(operation)} shows an element twice`, "every element once");
    for (const element of operation.read)
      if (!additions.has(encode(element)))
        return invalid(operations, [k], `${format(operation)} shows ${JSON.stringify(element)}, which nobody added`);
    for (const [element, adds] of additions) {
      if (shown.has(element))
        graph.edge(
          adds.reduce((a, b) => (operations[b]!.invoke < operations[a]!.invoke ? b : a)),
          k,
        );
      else for (const add of adds) graph.edge(k, add);
    }
  }
  addTime(graph, operations);
  const cycle = graph.shortestCycle()?.filter((node) => node < operations.length);
  if (cycle === undefined) return { verdict: "valid" };
  const reasons = cycle.map((k, place) => reason(operations[k]!, operations[cycle[(place + 1) % cycle.length]!]!));
  return invalid(operations, cycle, `No order explains what was read: ${reasons.join("; ")}`);
}

/** Why one operation comes before the other. */
function reason(one: SetOperation, other: SetOperation): string {
  if ("add" in one && "read" in other && shows(other, one)) return `${format(other)} shows ${JSON.stringify(one.add)}`;
  if ("read" in one && "add" in other && !shows(one, other)) return `${format(one)} lacks ${JSON.stringify(other.add)}`;
  return `${format(one)} had answered before ${format(other)} began`;
}

function shows({ read }: { read: readonly Json[] }, { add }: { add: Json }): boolean {
  const code = encode(add);
  return read.some((element) => encode(element) === code);
}

/** What it takes to remember that an addition comes before or after a read. */
const bytesEach = 12;

/** One node for each moment at which something was invoked, in a row: what answered earlier leads into the row. */
function addTime(graph: Graph, operations: readonly SetOperation[]): void {
  const byCompletion = operations
    .map((_, k) => k)
    .filter((k) => operations[k]!.completion !== undefined)
    .sort((a, b) => operations[a]!.completion! - operations[b]!.completion!);
  const byInvoke = operations.map((_, k) => k).sort((a, b) => operations[a]!.invoke - operations[b]!.invoke);
  let row = graph.node();
  let answered = 0;
  for (const k of byInvoke) {
    const before = answered;
    while (answered < byCompletion.length && operations[byCompletion[answered]!]!.completion! < operations[k]!.invoke)
      answered++;
    if (answered > before) {
      const next = graph.node();
      graph.edge(row, next);
      for (const other of byCompletion.slice(before, answered)) graph.edge(other, next);
      row = next;
    }
    graph.edge(row, k);
  }
}

/** Its first nodes are operations; others, moments, can be added. */
class Graph {
  readonly #operations: number;
  readonly #next: number[][];
  constructor(operations: number) {
    this.#operations = operations;
    this.#next = Array.from({ length: operations }, () => []);
  }
  node(): number {
    return this.#next.push([]) - 1;
  }
  edge(from: number, to: number): void {
    this.#next[from]!.push(to);
  }

  /** A cycle, of the fewest operations through one of the nodes that lie on any; undefined when there is none. */
  shortestCycle(): number[] | undefined {
    const start = this.#nodeOnCycle();
    if (start === undefined) return undefined;
    const from = new Map<number, number>();
    // Moments count for nothing: what they lead to is looked at first.
    for (let [near, far]: number[][] = [[start], []]; near!.length > 0; [near, far] = [far, []]) {
      for (let node = near!.pop(); node !== undefined; node = near!.pop()) {
        for (const next of this.#next[node]!) {
          if (next === start) {
            const cycle = [node];
            while (cycle[0] !== start) cycle.unshift(from.get(cycle[0]!)!);
            return cycle;
          }
          if (from.has(next)) continue;
          from.set(next, node);
          (next < this.#operations ? far! : near!).push(next);
        }
      }
    }
    throw new Error("a node on a cycle leads back to itself");
  }

  /** Takes away what nothing leads to, until only cycles and what they lead to is left; then one walks backwards. */
  #nodeOnCycle(): number | undefined {
    const incoming = this.#next.map(() => 0);
    const previous: number[] = [];
    for (const nexts of this.#next) for (const next of nexts) incoming[next]!++;
    const free = incoming.flatMap((count, node) => (count === 0 ? [node] : []));
    for (const node of free) for (const next of this.#next[node]!) if (--incoming[next]! === 0) free.push(next);
    let node = incoming.findIndex((count) => count > 0);
    if (node < 0) return undefined;
    this.#next.forEach((nexts, from) => {
      if (incoming[from]! > 0) for (const next of nexts) previous[next] = from;
    });
    const seen = new Set<number>();
    while (!seen.has(node)) {
      seen.add(node);
      node = previous[node]!;
    }
    return node;
  }
}

function invalid(
  operations: readonly SetOperation[],
  which: readonly number[],
  summary: string,
  expected = "every read shows exactly what was added before it",
): Verdict {
  const events = which.flatMap((k) => {
    const { invoke, completion } = operations[k]!;
    return completion === undefined ? [invoke] : [invoke, completion];
  });
  const evidence: Evidence = { summary: `${summary}.`, expected, events: events.sort((a, b) => a - b) };
  return { verdict: "invalid", evidence };
}

function format(operation: SetOperation): string {
  if ("add" in operation) return `add(${JSON.stringify(operation.add)}) (${operation.name})`;
  const shown = operation.read.slice(0, 10).map((element) => JSON.stringify(element));
  const more = operation.read.length > shown.length ? `, and ${operation.read.length - shown.length} more` : "";
  return `read() -> {${shown.join(", ")}${more}} (${operation.name})`;
}

function getOrAdd<Key, Item>(map: Map<Key, Item[]>, key: Key): Item[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}
