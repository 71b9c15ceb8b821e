/**
 * The key-value state of objects and workflows.
 * docs.restate.dev/develop/ts/state
 */
export class State {
  readonly #objects = new Map<string, Map<string, Uint8Array>>();

  get(object: string, name: string): Uint8Array | undefined {
    return this.#objects.get(object)?.get(name);
  }

  set(object: string, name: string, value: Uint8Array): void {
    let entries = this.#objects.get(object);
    if (!entries) {
      entries = new Map();
      this.#objects.set(object, entries);
    }
    entries.set(name, value);
  }

  clear(object: string, name: string): void {
    this.#objects.get(object)?.delete(name);
  }
  clearAll(object: string): void {
    this.#objects.delete(object);
  }

  /** In the order in which the server stores them: its keys are prefixed by their length. */
  entries(object: string): [name: string, value: Uint8Array][] {
    return [...(this.#objects.get(object) ?? [])].sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
  }

  /** All objects whose key begins with a prefix: "service/key" -> name -> text. */
  withKeyPrefix(prefix: string): Record<string, Record<string, string>> {
    const found: Record<string, Record<string, string>> = {};
    for (const [object, entries] of this.#objects) {
      if (entries.size === 0 || !object.slice(object.indexOf("/") + 1).startsWith(prefix)) continue;
      found[object] = Object.fromEntries([...entries].map(([name, value]) => [name, Buffer.from(value).toString()]));
    }
    return found;
  }
}
