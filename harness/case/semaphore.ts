/** Lets several cases share a stack, or one case have it for itself; in the order of asking. */
export class Semaphore {
  readonly #places: number;
  #inside = 0;
  readonly #queue: { weight: number; enter: () => void }[] = [];

  /** @param places how many may share */
  constructor(places: number) {
    this.#places = places;
  }

  async shared<T>(action: () => Promise<T>): Promise<T> {
    return this.#pass(1, action);
  }
  async alone<T>(action: () => Promise<T>): Promise<T> {
    return this.#pass(this.#places, action);
  }

  async #pass<T>(weight: number, action: () => Promise<T>): Promise<T> {
    await new Promise<void>((enter) => {
      this.#queue.push({ weight, enter });
      this.#admit();
    });
    try {
      return await action();
    } finally {
      this.#inside -= weight;
      this.#admit();
    }
  }

  #admit(): void {
    for (let next = this.#queue[0]; next && this.#inside + next.weight <= this.#places; next = this.#queue[0]) {
      this.#queue.shift();
      this.#inside += next.weight;
      next.enter();
    }
  }
}
