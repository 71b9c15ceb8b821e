import type { Invocation } from "./invocation.ts";

/**
 * One exclusive invocation at a time for each key of an object, the others in the order in which they arrived.
 * docs.restate.dev/foundations/services, "Virtual Objects"
 */
export class Inboxes {
  readonly #holders = new Map<string, Invocation>();
  readonly #waiting = new Map<string, Invocation[]>();

  /** Takes the key for an invocation, or puts it at the end of the line. True when it may run. */
  enter(object: string, invocation: Invocation): boolean {
    if (!this.#holders.has(object)) {
      this.#holders.set(object, invocation);
      return true;
    }
    const line = this.#waiting.get(object);
    if (line) line.push(invocation);
    else this.#waiting.set(object, [invocation]);
    return false;
  }

  /** Frees the key if the invocation holds it. The next in line, which holds it now. */
  leave(object: string, invocation: Invocation): Invocation | undefined {
    if (this.#holders.get(object) !== invocation) return undefined;
    this.#holders.delete(object);
    const next = this.#waiting.get(object)?.shift();
    if (next) this.#holders.set(object, next);
    return next;
  }

  /** Takes a waiting invocation out of the line. */
  forget(object: string, invocation: Invocation): void {
    const line = this.#waiting.get(object);
    const place = line?.indexOf(invocation) ?? -1;
    if (place >= 0) line!.splice(place, 1);
  }
}
