import { HashIndex, mix } from "./hash-index.ts";
import type { Memory } from "./memory.ts";

/** How much of the end of a long text, where states that grow differ, and how much of the rest goes into its hash. */
const tail = 64;
const samples = 32;
/** So many different texts under one hash show that the hash leaves out what matters. */
const tooMany = 16;

/**
 * Numbers texts: equal texts have one number, from 0. Hashing long states from end to end costs more than all the rest of
 * a search; so only some of a text is hashed, until that turns out to be too little.
 */
export class Texts {
  readonly #memory: Memory;
  readonly #texts: string[] = [];
  readonly #index: HashIndex;
  /** all characters that were looked at, or-ed: up to 255 a text takes one byte for each */
  #seen = 0;
  /** in place of the index, once that has failed */
  #map: Map<string, number> | undefined;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#index = new HashIndex(memory);
  }

  number(text: string): number {
    return this.#map === undefined ? this.#byIndex(text) : this.#byMap(this.#map, text);
  }

  #byIndex(text: string): number {
    const hash = this.#hash(text);
    let others = 0;
    for (let i = this.#index.find(hash); i >= 0; i = this.#index.next()) {
      if (this.#texts[i] === text) return i;
      others++;
    }
    if (others === tooMany) {
      this.#memory.take(40 * this.#texts.length);
      this.#map = new Map(this.#texts.map((known, number) => [known, number]));
      return this.#byMap(this.#map, text);
    }
    this.#index.add(hash, this.#texts.length);
    return this.#add(text);
  }

  #byMap(map: Map<string, number>, text: string): number {
    const known = map.get(text);
    if (known !== undefined) return known;
    this.#memory.take(40);
    map.set(text, this.#texts.length);
    return this.#add(text);
  }

  #add(text: string): number {
    this.#memory.take((this.#seen > 0xff ? 2 : 1) * text.length + 40);
    return this.#texts.push(text) - 1;
  }

  #hash(text: string): number {
    const { length } = text;
    let hash = length;
    let seen = 0;
    let at = 0;
    if (length > tail + samples) {
      const step = (length - tail) / samples;
      for (let k = 0; k < samples; k++) {
        const code = text.charCodeAt(Math.floor(k * step));
        hash = Math.imul(hash, 31) + code;
        seen |= code;
      }
      at = length - tail;
    }
    for (; at < length; at++) {
      const code = text.charCodeAt(at);
      hash = Math.imul(hash, 31) + code;
      seen |= code;
    }
    this.#seen |= seen;
    return mix(0, hash);
  }
}
