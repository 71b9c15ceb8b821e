import { HashIndex, mix } from "./hash-index.ts";
import type { Memory } from "./memory.ts";
import { Multisets } from "./multisets.ts";
import { Records } from "./records.ts";

/** A place in a search: what has taken effect so far, and where that has led. */
export class Configuration {
  /** how many answers have been passed */
  round = 0;
  state = 0;
  /** the optional operations that were used, as a multiset of classes */
  used = 0;
  /** one bit for each slot of the window: what has taken effect of it */
  readonly mask: Int32Array;
  constructor(slots: number) {
    this.mask = new Int32Array(Math.max(1, (slots + 31) >>> 5));
  }
  has(slot: number): boolean {
    return (this.mask[slot >>> 5]! & (1 << (slot & 31))) !== 0;
  }
  add(slot: number): void {
    this.mask[slot >>> 5]! |= 1 << (slot & 31);
  }
  remove(slot: number): void {
    this.mask[slot >>> 5]! &= ~(1 << (slot & 31));
  }
}

// How a configuration is stored, field by field.
const ROUND = 0;
const STATE = 1;
const USED = 2;
const PARENT = 3;
const VIA = 4;
const TRIED = 5;
const BRANCH = 6;
const MASK = 7;

/** The configurations that a search has met, each with how it came there and what it has tried from there. */
export class Configurations {
  readonly multisets: Multisets;
  readonly #records: Records;
  readonly #index: HashIndex;
  readonly #words: number;

  constructor({ mask }: Configuration, memory: Memory) {
    this.#words = mask.length;
    this.#records = new Records(MASK + this.#words, memory);
    this.#index = new HashIndex(memory);
    this.multisets = new Multisets(memory);
  }

  get count(): number {
    return this.#records.length;
  }

  round(number: number): number {
    return this.#get(number, ROUND);
  }
  state(number: number): number {
    return this.#get(number, STATE);
  }
  used(number: number): number {
    return this.#get(number, USED);
  }
  /** the configuration that it was reached from; -1 for the first */
  parent(number: number): number {
    return this.#get(number, PARENT);
  }
  /** the operation that led there from the parent: its number, or -1 - its class */
  via(number: number): number {
    return this.#get(number, VIA);
  }
  /** what is to be tried next from there: a place in the window, or beyond that a class; ... */
  tried(number: number): number {
    return this.#get(number, TRIED);
  }
  /** ... and which of the several states that it may lead to */
  branch(number: number): number {
    return this.#get(number, BRANCH);
  }

  has(number: number, slot: number): boolean {
    return (this.#get(number, MASK + (slot >>> 5)) & (1 << (slot & 31))) !== 0;
  }

  /** Whether two configurations have passed and done the same, optional operations apart. */
  differOnlyInState(one: number, other: number): boolean {
    if (this.#get(one, ROUND) !== this.#get(other, ROUND)) return false;
    for (let word = 0; word < this.#words; word++)
      if (this.#get(one, MASK + word) !== this.#get(other, MASK + word)) return false;
    return true;
  }

  setTried(number: number, tried: number, branch: number): void {
    const chunk = this.#records.chunk(number);
    const base = this.#records.offset(number);
    chunk[base + TRIED] = tried;
    chunk[base + BRANCH] = branch;
  }

  /** Copies a stored configuration. */
  load(number: number, into: Configuration): void {
    const chunk = this.#records.chunk(number);
    const base = this.#records.offset(number);
    into.round = chunk[base + ROUND]!;
    into.state = chunk[base + STATE]!;
    into.used = chunk[base + USED]!;
    for (let word = 0; word < this.#words; word++) into.mask[word] = chunk[base + MASK + word]!;
  }

  /**
   * Stores a configuration and returns its number; or -1 when it has been met, or another one that can do all that it can:
   * that differs from it in nothing but having used fewer of the optional operations.
   */
  enter(at: Configuration, parent: number, via: number): number {
    let hash = mix(mix(0, at.round), at.state);
    for (let word = 0; word < this.#words; word++) hash = mix(hash, at.mask[word]!);
    for (let other = this.#index.find(hash); other >= 0; other = this.#index.next())
      if (this.#dominates(other, at)) return -1;
    const number = this.#records.push();
    const chunk = this.#records.chunk(number);
    const base = this.#records.offset(number);
    chunk[base + ROUND] = at.round;
    chunk[base + STATE] = at.state;
    chunk[base + USED] = at.used;
    chunk[base + PARENT] = parent;
    chunk[base + VIA] = via;
    for (let word = 0; word < this.#words; word++) chunk[base + MASK + word] = at.mask[word]!;
    this.#index.add(hash, number);
    return number;
  }

  #dominates(number: number, at: Configuration): boolean {
    const chunk = this.#records.chunk(number);
    const base = this.#records.offset(number);
    if (chunk[base + ROUND] !== at.round || chunk[base + STATE] !== at.state) return false;
    for (let word = 0; word < this.#words; word++) if (chunk[base + MASK + word] !== at.mask[word]) return false;
    return this.multisets.isSubset(chunk[base + USED]!, at.used);
  }

  #get(number: number, field: number): number {
    return this.#records.chunk(number)[this.#records.offset(number) + field]!;
  }
}
