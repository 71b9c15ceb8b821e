import type { Memory } from "./memory.ts";

/** Multisets of small integers, interned: a multiset is the number that it was given; 0 is the empty one. */
export class Multisets {
  readonly #memory: Memory;
  readonly #items: Int32Array[] = [new Int32Array(0)];
  /** one bit for each item, by its last five bits: tells most non-subsets at once */
  readonly #signatures: number[] = [0];
  readonly #numbers = new Map<string, number>([["", 0]]);
  readonly #additions: Map<number, number>[] = [new Map()];

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** How often the item is in the multiset. */
  count(multiset: number, item: number): number {
    let count = 0;
    for (const other of this.#items[multiset]!) if (other === item) count++;
    return count;
  }

  size(multiset: number): number {
    return this.#items[multiset]!.length;
  }

  /** The multiset with one more of the item. */
  add(multiset: number, item: number): number {
    const known = this.#additions[multiset]!.get(item);
    if (known !== undefined) return known;
    const items = Int32Array.from([...this.#items[multiset]!, item]).sort();
    const key = items.join();
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#items.length;
      this.#memory.take(items.byteLength + key.length + 200);
      this.#items.push(items);
      this.#signatures.push(this.#signatures[multiset]! | (1 << (item & 31)));
      this.#numbers.set(key, number);
      this.#additions.push(new Map());
    }
    this.#memory.take(40);
    this.#additions[multiset]!.set(item, number);
    return number;
  }

  /** Whether `small` holds nothing that `large` does not hold at least as often. */
  isSubset(small: number, large: number): boolean {
    if (small === large || small === 0) return true;
    if ((this.#signatures[small]! & ~this.#signatures[large]!) !== 0) return false;
    const left = this.#items[small]!;
    const right = this.#items[large]!;
    if (left.length > right.length) return false;
    let at = 0;
    for (const item of left) {
      while (at < right.length && right[at]! < item) at++;
      if (right[at] !== item) return false;
      at++;
    }
    return true;
  }
}
