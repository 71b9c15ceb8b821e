import type * as restate from "@restatedev/restate-sdk";
import { inContext } from "./in-context.ts";
import { type Json, valueOf } from "./outcome.ts";
import { type HttpOptions, overHttp } from "./over-http.ts";

/**
 * A promise that outlives every process: any process completes it, any process waits for it, before or after.
 * Where it was rejected, all of these throw a `PromiseRejected` with the message of the rejection.
 */
export interface DurablePromise<T> {
  /** The value; undefined while the promise is pending. */
  peek(): Promise<T | undefined>;
  /** The value, as soon as there is one. Fails when the promise is disposed of meanwhile. */
  get(): Promise<T>;
  /** Answers the value that stands: this one, unless the promise was completed before. `undefined` counts as null. */
  resolve(value: T): Promise<T>;
  /** Answers the value that stands, if the promise was resolved before. */
  reject(message: string): Promise<T>;
}

/**
 * The durable promise of that id.
 *
 *     const approval = durablePromise<boolean>("localhost:8080", "approval-17");
 *     if (await approval.get()) ...
 *
 * @param where the address of Restate, with or without a scheme; or, in a handler, its context: then what is asked
 *   and answered is part of the handler's journal, and a wait suspends it
 */
export function durablePromise<T>(
  where: string | restate.Context,
  id: string,
  options?: HttpOptions,
): DurablePromise<T> {
  const promise = typeof where === "string" ? overHttp(where, id, options) : inContext(where, id);
  return {
    peek: async () => {
      const outcome = await promise.peek();
      return outcome === null ? undefined : valueOf<T>(outcome);
    },
    get: async () => valueOf(await promise.await()),
    resolve: async (value) => valueOf(await promise.resolve((value === undefined ? null : value) as Json)),
    reject: async (message) => valueOf(await promise.reject(message)),
  };
}
