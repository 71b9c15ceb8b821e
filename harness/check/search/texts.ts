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
    const hash = hashOf(text);
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
    this.#memory.take(2 * text.length + 50);
    return this.#texts.push(text) - 1;
  }
}

function hashOf(text: string): number {
  const { length } = text;
  let hash = length;
  let at = 0;
  if (length > tail + samples) {
    const step = (length - tail) / samples;
    for (let k = 0; k < samples; k++) hash = Math.imul(hash, 31) + text.charCodeAt(Math.floor(k * step));
    at = length - tail;
  }
  for (; at < length; at++) hash = Math.imul(hash, 31) + text.charCodeAt(at);
  return mix(0, hash);
}
