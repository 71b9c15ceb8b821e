import { hash, hashNumber } from "./chance.ts";

/**
 * What happened in a run, in order. The hash is always kept: two runs with the same hash did the same things at the
 * same times. The lines are kept on demand, for a person.
 */
export class Trace {
  readonly #lines: string[] | undefined;
  readonly #listener: ((line: string) => void) | undefined;
  readonly #names = new Map<string, string>();
  #low = 0;
  #high = 0x5bd1e995;

  /** @param listener is told each line that is kept as it comes */
  constructor(keepLines: boolean, listener?: (line: string) => void) {
    this.#lines = keepLines ? [] : undefined;
    this.#listener = listener;
  }

  /** @param now milliseconds from the start of the run */
  add(now: number, what: string): void {
    this.#low = hashNumber(hash(this.#low, what), Math.floor(now * 1000));
    this.#high = hash(this.#high, what);
    if (this.#lines) this.#write(`${now.toFixed(3).padStart(12)}  ${what}`);
  }

  /** True when somebody will read the lines: only then is it worth to make them rich. */
  get hasReader(): boolean {
    return this.#lines !== undefined;
  }

  /** A line that explains, for the reader only: it is not hashed. */
  note(now: number, what: string): void {
    if (this.#lines) this.#write(`${now.toFixed(3).padStart(12)}    ${what}`);
  }

  /** An invocation's id says nothing to a reader: the lines call it by its name. */
  nameInvocation(id: string, name: string): void {
    if (this.#lines) this.#names.set(id, name);
  }

  #write(text: string): void {
    const line = text.replace(/\binv_\w+/g, (id) => this.#names.get(id) ?? id).trimEnd();
    this.#lines!.push(line);
    this.#listener?.(line);
  }

  /** Content that is to be the same in every run. */
  addBytes(bytes: Uint8Array): void {
    let h = this.#high;
    for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
    this.#high = hashNumber(h, bytes.length);
  }

  get hash(): string {
    return [this.#low, this.#high].map((n) => n.toString(16).padStart(8, "0")).join("");
  }

  get lines(): readonly string[] {
    return this.#lines ?? [];
  }
}
