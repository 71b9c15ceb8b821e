import { follow, type View } from "./components.ts";
import type { Graph } from "./graph.ts";

/** Searches for shortest paths, in tables that serve one search after the other. */
export class Paths {
  readonly #graph: Graph;
  readonly #apart: boolean;
  /** by state: the edge that led there, in the search of that number */
  readonly #via: Int32Array;
  readonly #from: Int32Array;
  readonly #search: Int32Array;
  #searches = 0;

  constructor(graph: Graph, apart: boolean) {
    this.#graph = graph;
    this.#apart = apart;
    const states = graph.nodes * (apart ? 2 : 1);
    this.#via = new Int32Array(states);
    this.#from = new Int32Array(states);
    this.#search = new Int32Array(states);
  }

  /**
   * A path of the fewest transactions from one of several edges on to a state, by breadth. Nodes that are no transactions
   * count for nothing.
   * @param starts edges, each with the state that it leads to
   * @returns its edges, the starting one included; undefined when there is none
   */
  shortest(starts: readonly { edge: number; state: number }[], goal: number, view: View): number[] | undefined {
    this.#searches++;
    let near: number[] = [];
    let far: number[] = [];
    const enter = (state: number, edge: number, from: number) => {
      if (this.#search[state] === this.#searches) return;
      this.#search[state] = this.#searches;
      this.#via[state] = edge;
      this.#from[state] = from;
      (this.#node(state) < this.#graph.transactions ? far : near).push(state);
    };
    for (const { edge, state } of starts) enter(state, edge, -1);
    for (; near.length > 0 || far.length > 0; [near, far] = [far, []]) {
      // What a node that is no transaction leads to is as near as the node itself: the list grows while it is walked.
      for (let k = 0; k < near.length; k++) {
        const state = near[k]!;
        if (state === goal) return this.#back(goal);
        const node = this.#node(state);
        for (let at = this.#graph.outStart[node]!; at < this.#graph.outStart[node + 1]!; at++) {
          const edge = this.#graph.outgoing[at]!;
          const next = follow(this.#graph, view, state, edge);
          if (next >= 0) enter(next, edge, state);
        }
      }
    }
    return undefined;
  }

  #back(goal: number): number[] {
    const edges: number[] = [];
    for (let state = goal; state >= 0; state = this.#from[state]!) edges.push(this.#via[state]!);
    return edges.reverse();
  }

  #node(state: number): number {
    return this.#apart ? state >> 1 : state;
  }
}
