/**
 * Chance without a generator: every choice is a hash of the seed and of a stable name. What becomes of one message does
 * not depend on what else was drawn before, so removing an unrelated operation from a plan moves nothing else.
 */

/** A 32-bit hash: FNV-1a over the text, then the finalizer of MurmurHash3. */
export function hash(seed: number, text: string): number {
  let h = (seed ^ 0x811c9dc5) | 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h);
}

/** Combines a hash with a number. */
export function hashNumber(h: number, n: number): number {
  return mix(h ^ Math.imul(n + 1, 0x9e3779b1));
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A hash as a number in [0, 1). */
export const unit = (h: number): number => h / 0x1_0000_0000;

/** A number in [0, 1) that is fixed by the seed and the name. */
export const chance = (seed: number, name: string): number => unit(hash(seed, name));

/** An endless stream of numbers in [0, 1), for the virtual `Math.random`: the generator mulberry32 of Tommy Ettinger. */
export function randomStream(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Bytes that are fixed by the name, for ids. `length` is a multiple of 4. */
export function namedBytes(name: string, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  writeNamed(bytes, 0, length, name);
  return bytes;
}

/** Fills a part of `bytes` with what is fixed by the name, for ids: 64 bits of hash, spread. Its length is a multiple of 4. */
export function writeNamed(bytes: Buffer, from: number, to: number, name: string): void {
  const halves = [hash(1, name), hash(2, name)] as const;
  for (let at = 0; from + at < to; at += 4) bytes.writeUInt32LE(hashNumber(halves[(at >> 2) & 1]!, at), from + at);
}
