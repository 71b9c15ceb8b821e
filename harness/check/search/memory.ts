/** Counts the bytes that a search holds; what a part of it holds counts for the whole. */
export class Memory {
  readonly limit: number;
  readonly #whole: Memory | undefined;
  #held = 0;
  constructor(limit: number, whole?: Memory) {
    this.limit = limit;
    this.#whole = whole;
  }
  /** @throws OutOfMemory before a limit is crossed */
  take(bytes: number): void {
    if (this.#held + bytes > this.limit) throw new OutOfMemory();
    this.#whole?.take(bytes);
    this.#held += bytes;
  }
  give(bytes: number): void {
    this.#whole?.give(bytes);
    this.#held -= bytes;
  }
  /** Gives back all that this part holds. */
  release(): void {
    this.give(this.#held);
  }
}

export class OutOfMemory extends Error {}
