import type { Memory } from "./memory.ts";

const shift = 9;
const perChunk = 1 << shift;
/** The first chunk begins small, and doubles: most searches are over before it is full. */
const first = 16;

/**
 * A growing array of records of `stride` integers. It grows chunk by chunk and copies no more than the first of them, so
 * that it neither pauses nor needs twice its memory.
 */
export class Records {
  readonly stride: number;
  length = 0;
  readonly #memory: Memory;
  readonly #chunks: Int32Array[] = [];
  constructor(stride: number, memory: Memory) {
    this.stride = stride;
    this.#memory = memory;
  }
  /** Adds a record of zeros and returns its index. */
  push(): number {
    const index = this.length;
    if (index < perChunk) this.#growFirst(index);
    else if (index >> shift === this.#chunks.length) this.#chunks.push(this.#create(perChunk));
    this.length = index + 1;
    return index;
  }

  #growFirst(index: number): void {
    const old = this.#chunks[0];
    if (old === undefined) this.#chunks[0] = this.#create(first);
    else if (index * this.stride === old.length) {
      const larger = this.#create(2 * index);
      larger.set(old);
      this.#chunks[0] = larger;
      this.#memory.give(old.byteLength);
    }
  }

  #create(records: number): Int32Array {
    this.#memory.take(records * this.stride * 4);
    return new Int32Array(records * this.stride);
  }

  /** The array that holds a record, until the next `push`, ... */
  chunk(index: number): Int32Array {
    return this.#chunks[index >> shift]!;
  }
  /** ... and where in it the record begins. */
  offset(index: number): number {
    return (index & (perChunk - 1)) * this.stride;
  }
}
