import type { Memory } from "./memory.ts";

const smallest = 32;
const largest = 2048;

/**
 * Finds integers (indices of records kept elsewhere) by a 32-bit hash. Extendible hashing (Fagin et al. 1979): a
 * directory, indexed by the first bits of the hash, of small tables that split when they fill; so it never pauses to
 * move everything. A small table is an array of pairs (hash, value + 1), probed linearly from the last bits of the hash.
 */
export class HashIndex {
  readonly #memory: Memory;
  #depth = 0;
  #directory: Segment[];
  // where the last `find` stands
  #segment: Segment;
  #slot = 0;
  #hash = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#segment = this.#create(smallest, 0);
    this.#directory = [this.#segment];
  }

  /** The first value entered under this hash, or -1; `next` gives the others. */
  find(hash: number): number {
    this.#segment = this.#of(hash);
    this.#slot = hash & (this.#segment.slots - 1);
    this.#hash = hash;
    return this.#here();
  }

  /** The next value under the hash of the last `find`, or -1. */
  next(): number {
    this.#slot = (this.#slot + 1) & (this.#segment.slots - 1);
    return this.#here();
  }

  add(hash: number, value: number): void {
    let segment = this.#of(hash);
    while (segment.count * 4 >= segment.slots * 3) {
      this.#grow(segment, hash);
      segment = this.#of(hash);
    }
    put(segment, hash, value + 1);
  }

  #of(hash: number): Segment {
    return this.#directory[this.#depth === 0 ? 0 : hash >>> (32 - this.#depth)]!;
  }

  #here(): number {
    const { table, slots } = this.#segment;
    let slot = this.#slot;
    for (;;) {
      const value = table[2 * slot + 1]!;
      if (value === 0 || table[2 * slot] === this.#hash) {
        this.#slot = slot;
        return value - 1;
      }
      slot = (slot + 1) & (slots - 1);
    }
  }

  #create(slots: number, depth: number): Segment {
    this.#memory.take(slots * 8);
    return { table: new Int32Array(slots * 2), slots, count: 0, depth };
  }

  #grow(full: Segment, hash: number): void {
    // Equal hashes never part: such a table grows on.
    const splits = full.slots >= largest && full.depth < 20;
    if (splits && full.depth === this.#depth) {
      this.#directory = this.#directory.flatMap((segment) => [segment, segment]);
      this.#depth++;
    }
    const depth = full.depth + (splits ? 1 : 0);
    const halves = splits
      ? [this.#create(full.slots, depth), this.#create(full.slots, depth)]
      : [this.#create(full.slots * 2, depth)];
    for (let slot = 0; slot < full.slots; slot++) {
      const value = full.table[2 * slot + 1]!;
      const moved = full.table[2 * slot]!;
      if (value !== 0) put(halves[splits ? (moved >>> (32 - depth)) & 1 : 0]!, moved, value);
    }
    const span = 1 << (this.#depth - full.depth);
    const first = full.depth === 0 ? 0 : (hash >>> (32 - full.depth)) * span;
    for (let i = 0; i < span; i++) this.#directory[first + i] = halves[splits && i >= span / 2 ? 1 : 0]!;
    this.#memory.give(full.slots * 8);
  }
}

interface Segment {
  readonly table: Int32Array;
  readonly slots: number;
  count: number;
  /** how many first bits of the hash its entries share */
  readonly depth: number;
}

function put(segment: Segment, hash: number, entry: number): void {
  const { table, slots } = segment;
  let slot = hash & (slots - 1);
  while (table[2 * slot + 1] !== 0) slot = (slot + 1) & (slots - 1);
  table[2 * slot] = hash;
  table[2 * slot + 1] = entry;
  segment.count++;
}

/** Takes one more integer into a hash. */
export function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash ^ value, 0x9e3779b1);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0x85ebca77) ^ (mixed >>> 13);
}
