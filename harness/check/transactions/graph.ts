import type { Append, Read } from "./versions.ts";

/** Kinds of edges, as bits. From one to the other: ... */
export const Kind = {
  /** it appended, and the other appended after it */
  ww: 1,
  /** it appended, and the other read that */
  wr: 2,
  /** it read a list without what the other appended next: an anti-dependency */
  rw: 4,
  /** its process ran the other next */
  session: 8,
  /** it ended before the other began */
  realtime: 16,
  /** goes on from a node that is no transaction: the edge that leads into such a node says what kind of edge it is */
  on: 32,
  /** the other appended after what it appended, though perhaps before its last append to that list */
  early: 64,
  /**
   * An anti-dependency between two transactions that also appended to one list, in an order that nobody saw. Either it
   * appended first, and this is `ww`, or the other did, and that makes a cycle with one anti-dependency already. So it can
   * be taken for `ww` where such cycles are looked for.
   */
  rmw: 128,
} as const;

/** What an edge is drawn from, for its story. */
export interface Reason {
  key: string;
  /** the append that the first transaction made or read, if any */
  before?: Append | undefined;
  /** the append of the second transaction */
  after?: Append | undefined;
  /** the read that shows it */
  read?: Read | undefined;
  /** another list to which both appended */
  both?: string | undefined;
}

/** Nodes and edges in order of their making; after `seal` the edges of each node can be walked. */
export class Graph {
  /** nodes up to this number are transactions */
  readonly transactions: number;
  /** by node: a place in the list of events, such that most edges lead to later ones */
  readonly times: number[] = [];
  readonly from: number[] = [];
  readonly to: number[] = [];
  readonly kind: number[] = [];
  readonly reason: (Reason | undefined)[] = [];
  /** the edges out of node n: `outgoing[i]` for i from outStart[n] up to outStart[n + 1]; ... */
  outStart: Int32Array = new Int32Array(0);
  outgoing: Int32Array = new Int32Array(0);
  /** ... and those into it */
  inStart: Int32Array = new Int32Array(0);
  incoming: Int32Array = new Int32Array(0);

  constructor(times: readonly number[]) {
    this.transactions = times.length;
    for (const time of times) this.times.push(time);
  }

  get nodes(): number {
    return this.times.length;
  }

  /** A node that is no transaction. */
  node(time: number): number {
    return this.times.push(time) - 1;
  }

  edge(from: number, to: number, kind: number, reason?: Reason): void {
    if (from === to) return;
    this.from.push(from);
    this.to.push(to);
    this.kind.push(kind);
    this.reason.push(reason);
  }

  seal(): this {
    [this.outStart, this.outgoing] = this.#index(this.from);
    [this.inStart, this.incoming] = this.#index(this.to);
    return this;
  }

  #index(ends: readonly number[]): [Int32Array, Int32Array] {
    const start = new Int32Array(this.nodes + 1);
    for (const node of ends) start[node + 1]!++;
    for (let node = 0; node < this.nodes; node++) start[node + 1]! += start[node]!;
    const next = start.slice();
    const edges = new Int32Array(ends.length);
    for (let edge = 0; edge < ends.length; edge++) edges[next[ends[edge]!]!++] = edge;
    return [start, edges];
  }
}
