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

/**
 * Looks for cycles of each name, a shortest one in each strongly connected component. A cycle with one of `scopes` is
 * looked for only if there is none of that name without. It yields between searches.
 *
 * Whether there is a cycle at all, and one that snapshot isolation forbids, shows in the components. That one has exactly
 * one anti-dependency must be searched for, and only edges inside such components are candidates.
 */
export function* findCycles(
  graph: Graph,
  transactions: readonly Transaction[],
  scopes: readonly Scope[],
): Generator<void, Cycle[]> {
  const found: Cycle[] = [];
  const plain = new Paths(graph, false);
  const apart = new Paths(graph, true);
  const has = (name: CycleName) => found.some((cycle) => cycle.name.startsWith(name));
  for (const { suffix, kinds } of scopes) {
    const search = new CycleSearch(graph, transactions, plain, apart, kinds);
    const add = (cycles: Step[][]) => {
      for (const steps of cycles) {
        const isOrdered = steps.some(({ kind }) => (kind & (Kind.session | Kind.realtime)) !== 0);
        found.push({ name: `${nameOf(transactions, steps)}${isOrdered ? suffix : ""}`, steps });
      }
    };
    if (!has("G0")) add(yield* search.writes());
    if (!has("G1c")) add(yield* search.information());
    if (!has("G-single")) add(yield* search.single());
    if (!has("G-single") && !has("G-nonadjacent")) add(yield* search.nonadjacent());
    if (!has("G2-item")) add(yield* search.any());
  }
  return distinct(found);
}

/** What a cycle is called, by its edges. */
function nameOf(transactions: readonly Transaction[], steps: readonly Step[]): CycleName {
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

function distinct(cycles: readonly Cycle[]): Cycle[] {
  const counts = new Map<AnomalyName, number>();
  const known = new Set<string>();
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
  *writes(): Generator<void, Step[][]> {
    const admits = (node: number) => node >= this.#graph.transactions || this.#transactions[node]!.outcome === "ok";
    return yield* this.#through({ kinds: Kind.ww | this.#order, admits }, ({ kind }) => kind === Kind.ww);
  }

  /** Of writes and reads, with a read at least. */
  *information(): Generator<void, Step[][]> {
    const isOpen = (node: number) => this.#transactions[node]?.outcome === "info";
    return yield* this.#through(
      { kinds: Kind.ww | Kind.wr | Kind.early | this.#order },
      ({ kind, from, to }) =>
        kind === Kind.wr || kind === Kind.early || (kind === Kind.ww && (isOpen(from) || isOpen(to))),
    );
  }

  /** With exactly one anti-dependency: from what the reader missed there is a way back to it without another one. */
  *single(): Generator<void, Step[][]> {
    const graph = this.#graph;
    const inside = components(graph, { kinds: this.#all, apart: true });
    yield;
    if (!inside.hasCycle) return [];
    const kinds = this.#all & ~Kind.rw;
    const height = components(graph, { kinds });
    yield;
    const best = new Best();
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
      if (path) best.add(inside.of[2 * reader]!, this.#steps(path));
      yield;
    }
    return best.cycles;
  }

  /** Without two anti-dependencies in a row. */
  *nonadjacent(): Generator<void, Step[][]> {
    const view: View = { kinds: this.#all, apart: true };
    const inside = components(this.#graph, view);
    yield;
    const best = new Best();
    for (const { edge, from, to } of this.#edges(({ kind }) => kind === Kind.rw)) {
      if (!inside.together(2 * from, 2 * to + 1)) continue;
      const component = inside.of[2 * from]!;
      if (best.tried(component) >= mostTried) continue;
      const admits = (state: number) => inside.of[state] === component;
      const path = this.#apart.shortest([{ edge, state: 2 * to + 1 }], 2 * from, { ...view, admits });
      if (path) best.add(component, simple(this.#steps(path)));
      yield;
    }
    return best.cycles;
  }

  /** Any, with anti-dependencies. */
  *any(): Generator<void, Step[][]> {
    const several = (steps: Step[]) => steps.filter(({ kind }) => kind === Kind.rw).length > 1;
    return yield* this.#through({ kinds: this.#all }, ({ kind }) => kind === Kind.rw, several);
  }

  get #all(): number {
    return Kind.ww | Kind.wr | Kind.rw | Kind.early | Kind.rmw | this.#order;
  }

  /** Shortest cycles through certain edges, one for each component. */
  *#through(
    view: View,
    isChosen: (edge: Edge) => boolean,
    counts: (steps: Step[]) => boolean = () => true,
  ): Generator<void, Step[][]> {
    const inside: Components = components(this.#graph, view);
    yield;
    const best = new Best();
    if (!inside.hasCycle) return [];
    for (const { edge, from, to } of this.#edges(isChosen)) {
      if (!inside.together(from, to)) continue;
      const component = inside.of[from]!;
      if (best.tried(component) >= mostTried || best.isShortest(component)) continue;
      const admits = (node: number) => inside.of[node] === component;
      const path = this.#plain.shortest([{ edge, state: to }], from, { kinds: view.kinds, admits });
      const steps = path && this.#steps(path);
      best.add(component, steps && counts(steps) ? steps : undefined);
      yield;
    }
    return best.cycles;
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

  get cycles(): Step[][] {
    const all = [...this.#found.values()].map(({ steps }) => steps).filter((steps) => steps !== undefined);
    return all.sort((a, b) => a.length - b.length);
  }
  tried(component: number): number {
    return this.#found.get(component)?.tried ?? 0;
  }
  /** No cycle has fewer than two transactions. */
  isShortest(component: number): boolean {
    return this.#found.get(component)?.steps?.length === 2;
  }
  add(component: number, steps: Step[] | undefined): void {
    const { steps: before, tried } = this.#found.get(component) ?? { steps: undefined, tried: 0 };
    const better = steps && (before === undefined || steps.length < before.length) ? steps : before;
    this.#found.set(component, { steps: better, tried: tried + 1 });
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
