import type { Memory } from "./memory.ts";

const shift = 9;
const perChunk = 1 << shift;

/**
 * A growing array of records of `stride` integers. It grows chunk by chunk and copies nothing, so that it neither
 * pauses nor needs twice its memory.
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
    if (index >> shift === this.#chunks.length) {
      this.#memory.take(perChunk * this.stride * 4);
      this.#chunks.push(new Int32Array(perChunk * this.stride));
    }
    this.length = index + 1;
    return index;
  }
  /** The array that holds a record, ... */
  chunk(index: number): Int32Array {
    return this.#chunks[index >> shift]!;
  }
  /** ... and where in it the record begins. */
  offset(index: number): number {
    return (index & (perChunk - 1)) * this.stride;
  }
}
