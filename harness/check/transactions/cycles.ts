import { type Components, components, type View } from "./components.ts";
import { type Graph, Kind, type Reason } from "./graph.ts";
import type { AnomalyName, CycleName } from "./levels.ts";
import { Paths } from "./paths.ts";
import type { Transaction } from "./transaction.ts";

/** One edge between two transactions of a cycle, whatever nodes lie between them. */
export interface Step {
  from: number;
  to: number;
  kind: number;
  reason: Reason | undefined;
}

export interface Cycle {
  name: AnomalyName;
  steps: Step[];
}

/** Which orders besides the dependencies a cycle may use. */
export interface Scope {
  suffix: "" | "-session" | "-realtime";
  kinds: number;
}

/** So many cycles of one name are shown, each of a component of its own. */
const mostShown = 3;
/** So many ways to close a cycle are tried in each component, in search of a short one. */
const mostTried = 64;

/** Cycles that were found, by where: the shortest so far of each strongly connected component in each search. */
export type Found = Map<string, Cycle>;

/**
 * Looks for cycles of each name, a shortest one in each strongly connected component. A cycle with one of `scopes` is
 * looked for only if there is none of that name without. It yields now and then; what it has found so far counts.
 *
 * Whether there is a cycle at all, and one that snapshot isolation forbids, shows in the components. That one has exactly
 * one anti-dependency must be searched for, and only edges inside such components are candidates.
 */
export function* findCycles(
  graph: Graph,
  transactions: readonly Transaction[],
  scopes: readonly Scope[],
  found: Found,
): Generator<void, void> {
  const plain = new Paths(graph, false);
  const apart = new Paths(graph, true);
  const has = (name: CycleName) => [...found.values()].some((cycle) => cycle.name.startsWith(name));
  for (const { suffix, kinds } of scopes) {
    const search = new CycleSearch(graph, transactions, plain, apart, kinds);
    function* run(kind: "writes" | "information" | "single" | "nonadjacent" | "any"): Generator<void, void> {
      const best = new Best();
      for (const component of search[kind](best)) {
        const steps = component === undefined ? undefined : best.steps(component);
        if (steps) found.set(`${kind} ${suffix} ${component}`, { name: nameOf(transactions, steps, suffix), steps });
        yield;
      }
    }
    if (!has("G0")) yield* run("writes");
    if (!has("G1c")) yield* run("information");
    if (!has("G-single")) yield* run("single");
    if (!has("G-single") && !has("G-nonadjacent")) yield* run("nonadjacent");
    if (!has("G2-item")) yield* run("any");
  }
}

/** Some of each name, shortest first, each once. */
export function distinct(found: Found): Cycle[] {
  const counts = new Map<AnomalyName, number>();
  const known = new Set<string>();
  const cycles = [...found.values()].sort((a, b) => a.steps.length - b.steps.length);
  return cycles.filter(({ name, steps }) => {
    const members = steps.map(({ from }) => from).sort((a, b) => a - b);
    const code = `${name} ${members.join()}`;
    if (known.has(code)) return false;
    known.add(code);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count <= mostShown;
  });
}

/** What a cycle is called, by its edges. */
function nameOf(transactions: readonly Transaction[], steps: readonly Step[], suffix: Scope["suffix"]): AnomalyName {
  const isOrdered = steps.some(({ kind }) => (kind & (Kind.session | Kind.realtime)) !== 0);
  return `${dependenciesOf(transactions, steps)}${isOrdered ? suffix : ""}`;
}

function dependenciesOf(transactions: readonly Transaction[], steps: readonly Step[]): CycleName {
  const missed = steps.filter(({ kind }) => kind === Kind.rw).length;
  if (missed === 1) return "G-single";
  if (missed === 0 && steps.some(({ kind }) => kind === Kind.rmw)) return "G-single";
  if (missed > 1) return isApart(steps) ? "G-nonadjacent" : "G2-item";
  const isKnown = steps.every(
    ({ from, kind }) => kind !== Kind.wr && kind !== Kind.early && transactions[from]!.outcome === "ok",
  );
  return isKnown ? "G0" : "G1c";
}

const isApart = (steps: readonly Step[]): boolean =>
  !steps.some(({ kind }, k) => kind === Kind.rw && steps[(k + 1) % steps.length]!.kind === Kind.rw);

/** Yields the component in which a shorter cycle was found, or nothing. */
type Search = Generator<number | undefined, void>;

class CycleSearch {
  readonly #graph: Graph;
  readonly #transactions: readonly Transaction[];
  readonly #plain: Paths;
  readonly #apart: Paths;
  readonly #order: number;

  /** @param order kinds of edges that may be walked besides dependencies */
  constructor(graph: Graph, transactions: readonly Transaction[], plain: Paths, apart: Paths, order: number) {
    this.#graph = graph;
    this.#transactions = transactions;
    this.#plain = plain;
    this.#apart = apart;
    this.#order = order;
  }

  /** Only of writes. Whether a transaction committed must be known: else it is one of information. */
  *writes(best: Best): Search {
    const admits = (node: number) => node >= this.#graph.transactions || this.#transactions[node]!.outcome === "ok";
    yield* this.#through(best, { kinds: Kind.ww | this.#order, admits }, ({ kind }) => kind === Kind.ww);
  }

  /** Of writes and reads, with a read at least. */
  *information(best: Best): Search {
    const isOpen = (node: number) => this.#transactions[node]?.outcome === "info";
    yield* this.#through(
      best,
      { kinds: Kind.ww | Kind.wr | Kind.early | this.#order },
      ({ kind, from, to }) =>
        kind === Kind.wr || kind === Kind.early || (kind === Kind.ww && (isOpen(from) || isOpen(to))),
    );
  }

  /** With exactly one anti-dependency: from what the reader missed there is a way back to it without another one. */
  *single(best: Best): Search {
    const graph = this.#graph;
    const inside = components(graph, { kinds: this.#all, apart: true });
    yield;
    if (!inside.hasCycle) return;
    const kinds = this.#all & ~Kind.rw;
    const height = components(graph, { kinds });
    yield;
    for (let reader = 0; reader < graph.transactions; reader++) {
      const starts = this.#antiDependencies(reader).filter(({ reached }) => inside.together(2 * reader, reached));
      if (starts.length === 0 || best.isShortest(inside.of[2 * reader]!)) continue;
      // No way leads up again.
      const goal = height.of[reader]!;
      const path = this.#plain.shortest(
        starts.filter(({ to }) => height.of[to]! >= goal).map(({ edge, to }) => ({ edge, state: to })),
        reader,
        { kinds, admits: (node) => height.of[node]! >= goal },
      );
      yield path && best.add(inside.of[2 * reader]!, this.#steps(path));
    }
  }

  /** Without two anti-dependencies in a row. */
  *nonadjacent(best: Best): Search {
    const view: View = { kinds: this.#all, apart: true };
    const inside = components(this.#graph, view);
    yield;
    for (const { edge, from, to } of this.#edges(({ kind }) => kind === Kind.rw)) {
      if (!inside.together(2 * from, 2 * to + 1)) continue;
      const component = inside.of[2 * from]!;
      if (best.tried(component) >= mostTried) continue;
      const admits = (state: number) => inside.of[state] === component;
      const path = this.#apart.shortest([{ edge, state: 2 * to + 1 }], 2 * from, { ...view, admits });
      yield path && best.add(component, simple(this.#steps(path)));
    }
  }

  /** Any, with anti-dependencies. */
  *any(best: Best): Search {
    const several = (steps: Step[]) => steps.filter(({ kind }) => kind === Kind.rw).length > 1;
    yield* this.#through(best, { kinds: this.#all }, ({ kind }) => kind === Kind.rw, several);
  }

  get #all(): number {
    return Kind.ww | Kind.wr | Kind.rw | Kind.early | Kind.rmw | this.#order;
  }

  /** Shortest cycles through certain edges, one for each component. */
  *#through(
    best: Best,
    view: View,
    isChosen: (edge: Edge) => boolean,
    counts: (steps: Step[]) => boolean = () => true,
  ): Search {
    const inside: Components = components(this.#graph, view);
    yield;
    if (!inside.hasCycle) return;
    for (const { edge, from, to } of this.#edges(isChosen)) {
      if (!inside.together(from, to)) continue;
      const component = inside.of[from]!;
      if (best.tried(component) >= mostTried || best.isShortest(component)) continue;
      const admits = (node: number) => inside.of[node] === component;
      const path = this.#plain.shortest([{ edge, state: to }], from, { kinds: view.kinds, admits });
      const steps = path && this.#steps(path);
      yield best.add(component, steps && counts(steps) ? steps : undefined);
    }
  }

  *#edges(isChosen: (edge: Edge) => boolean): Generator<Edge> {
    const { from, to, kind } = this.#graph;
    for (let edge = 0; edge < kind.length; edge++) {
      const one = { edge, from: from[edge]!, to: to[edge]!, kind: kind[edge]! };
      if (isChosen(one)) yield one;
    }
  }

  /** With the states that they lead to when they are kept apart. */
  #antiDependencies(reader: number): { edge: number; to: number; reached: number }[] {
    const { outStart, outgoing, kind, to } = this.#graph;
    const edges = [...outgoing.subarray(outStart[reader], outStart[reader + 1])];
    return edges
      .filter((edge) => kind[edge] === Kind.rw || kind[edge] === Kind.rmw)
      .map((edge) => ({ edge, to: to[edge]!, reached: 2 * to[edge]! + (kind[edge] === Kind.rw ? 1 : 0) }));
  }

  /** The steps of a closed path that begins with an edge of a transaction. */
  #steps(edges: readonly number[]): Step[] {
    const { from, to, kind, reason, transactions } = this.#graph;
    const steps: Step[] = [];
    let first = -1;
    for (const edge of edges) {
      if (first < 0) first = edge;
      if (to[edge]! >= transactions) continue;
      // The first edge says what kind it is, the last one whose append was missed or overwritten.
      const [begin, end] = [reason[first], reason[edge]];
      const why = begin && end ? { ...begin, ...end } : begin;
      steps.push({ from: from[first]!, to: to[edge]!, kind: kind[first]!, reason: why });
      first = -1;
    }
    return steps;
  }
}

interface Edge {
  edge: number;
  from: number;
  to: number;
  kind: number;
}

/** The shortest cycle of each component. */
class Best {
  readonly #found = new Map<number, { steps: Step[] | undefined; tried: number }>();

  steps(component: number): Step[] | undefined {
    return this.#found.get(component)?.steps;
  }
  tried(component: number): number {
    return this.#found.get(component)?.tried ?? 0;
  }
  /** No cycle has fewer than two transactions. */
  isShortest(component: number): boolean {
    return this.#found.get(component)?.steps?.length === 2;
  }
  /** @returns the component if that is its shortest cycle so far */
  add(component: number, steps: Step[] | undefined): number | undefined {
    const { steps: before, tried } = this.#found.get(component) ?? { steps: undefined, tried: 0 };
    const isBetter = steps !== undefined && (before === undefined || steps.length < before.length);
    this.#found.set(component, { steps: isBetter ? steps : before, tried: tried + 1 });
    return isBetter ? component : undefined;
  }
}

/**
 * A cycle that passes no transaction twice, and has no two anti-dependencies in a row, within a closed walk that has none:
 * of the two parts into which a transaction splits it, one is such a walk again.
 */
function simple(steps: readonly Step[]): Step[] {
  for (const [k, { from }] of steps.entries()) {
    const again = steps.findIndex((other, l) => l > k && other.from === from);
    if (again < 0) continue;
    const inner = steps.slice(k, again);
    return simple(isApart(inner) ? inner : [...steps.slice(0, k), ...steps.slice(again)]);
  }
  return [...steps];
}
