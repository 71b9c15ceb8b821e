/** Keeps out who comes late: numbers grow for each object, and one that is lower than one that was seen is refused. */
export class Fence {
  readonly #latest = new Map<string, number>();

  /** @returns why the number is refused; undefined lets it pass, and remembers it */
  refuses(object: string, what: string, number: number): string | undefined {
    const latest = this.#latest.get(object) ?? 0;
    if (number < latest) return `${what} ${number} of ${object} is stale: it has heard of ${latest}`;
    this.#latest.set(object, number);
    return undefined;
  }
}
