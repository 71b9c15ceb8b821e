import type { Result } from "./invocation.ts";

/** An invocation's command that waits for a promise. */
export interface PromiseListener {
  invocation: string;
  completionId: number;
}

/**
 * The durable promises of workflows: completed once, by whoever comes first.
 * docs.restate.dev/develop/ts/external-events, "Durable Promises"
 */
export class Promises {
  readonly #promises = new Map<string, { result: Result | undefined; listeners: PromiseListener[] }>();

  peek(workflow: string, name: string): Result | undefined {
    return this.#promises.get(`${workflow}/${name}`)?.result;
  }

  /** The result, or nothing: then the listener will be told. */
  get(workflow: string, name: string, listener: PromiseListener): Result | undefined {
    const promise = this.#of(workflow, name);
    if (!promise.result) promise.listeners.push(listener);
    return promise.result;
  }

  /** Those who waited for it; nothing when it was completed before. */
  complete(workflow: string, name: string, result: Result): PromiseListener[] | undefined {
    const promise = this.#of(workflow, name);
    if (promise.result) return undefined;
    promise.result = result;
    return promise.listeners.splice(0);
  }

  #of(workflow: string, name: string) {
    const key = `${workflow}/${name}`;
    let promise = this.#promises.get(key);
    if (!promise) {
      promise = { result: undefined, listeners: [] };
      this.#promises.set(key, promise);
    }
    return promise;
  }
}
