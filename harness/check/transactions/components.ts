import { type Graph, Kind } from "./graph.ts";

/** A part of a graph: some kinds of edges between some nodes. */
export interface View {
  /** the kinds of edges that may be walked */
  kinds: number;
  /**
   * Whether anti-dependencies may not follow each other. A state is then a node twice, reached by one (2n + 1) or not
   * (2n); else a state is a node.
   */
  apart?: boolean;
  /** the states that may be entered; by default all */
  admits?: (state: number) => boolean;
}

/** Where an edge leads from a state; -1 when the view does not allow it. */
export function follow(graph: Graph, { kinds, apart = false, admits }: View, state: number, edge: number): number {
  const kind = graph.kind[edge]!;
  if (kind !== Kind.on && (kind & kinds) === 0) return -1;
  const to = graph.to[edge]!;
  let next = to;
  if (apart) {
    const missed = state & 1;
    if (kind === Kind.rw && missed === 1) return -1;
    next = 2 * to + (kind === Kind.rw ? 1 : kind === Kind.on ? missed : 0);
  }
  return admits === undefined || admits(next) ? next : -1;
}

/**
 * The strongly connected components of a view (Tarjan 1972, without recursion), as a number for each state. Along an
 * edge from one component to another the number falls; and nodes of late times get low numbers as far as edges allow.
 */
export function components(graph: Graph, view: View): Components {
  const states = graph.nodes * (view.apart ? 2 : 1);
  const nodeOf = (state: number) => (view.apart ? state >> 1 : state);
  const index = new Int32Array(states).fill(-1);
  const low = new Int32Array(states);
  const component = new Int32Array(states).fill(-1);
  const cursor = new Int32Array(states);
  const path: number[] = [];
  const open: number[] = [];
  const sizes: number[] = [];
  let count = 0;
  const enter = (state: number) => {
    index[state] = low[state] = count++;
    cursor[state] = graph.outStart[nodeOf(state)]!;
    path.push(state);
    open.push(state);
  };
  const leave = (state: number) => {
    if (low[state] !== index[state]) return;
    let size = 0;
    for (let member = -1; member !== state; size++) {
      member = open.pop()!;
      component[member] = sizes.length;
    }
    sizes.push(size);
  };
  const nodes = [...graph.times.keys()].sort((a, b) => graph.times[b]! - graph.times[a]!);
  for (const root of nodes.flatMap((node) => (view.apart ? [2 * node, 2 * node + 1] : [node]))) {
    if (index[root]! >= 0 || (view.admits && !view.admits(root))) continue;
    enter(root);
    for (let state = path.at(-1); state !== undefined; state = path.at(-1)) {
      if (cursor[state]! < graph.outStart[nodeOf(state) + 1]!) {
        const next = follow(graph, view, state, graph.outgoing[cursor[state]!++]!);
        if (next < 0) continue;
        if (index[next]! < 0) enter(next);
        else if (component[next]! < 0) low[state] = Math.min(low[state]!, index[next]!);
      } else {
        path.pop();
        leave(state);
        const below = path.at(-1);
        if (below !== undefined) low[below] = Math.min(low[below]!, low[state]!);
      }
    }
  }
  return new Components(component, sizes);
}

export class Components {
  /** by state; -1 for what the view does not admit */
  readonly of: Int32Array;
  readonly #sizes: readonly number[];
  constructor(of: Int32Array, sizes: readonly number[]) {
    this.of = of;
    this.#sizes = sizes;
  }
  /** Whether there is a cycle at all. */
  get hasCycle(): boolean {
    return this.#sizes.some((size) => size > 1);
  }
  /** Whether two states lie on a cycle together. */
  together(one: number, other: number): boolean {
    const component = this.of[one]!;
    return component >= 0 && component === this.of[other] && this.#sizes[component]! > 1;
  }
}
