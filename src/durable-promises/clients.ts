import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import { Id } from "../shared/id.ts";
import { answerOf } from "../shared/ingress.ts";
import { type durablePromiseServer, inContext, type Json, type Outcome, type PromiseVerbs } from "./services.ts";

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

/** What a promise was rejected with: the message is the one that was given, also when it is empty. */
export class PromiseRejected extends restate.TerminalError {
  override name = "PromiseRejected";
}

export interface HttpOptions {
  /**
   * Calls of one verb for one promise that have the same key are one call: for processes that may repeat what they did.
   * By default every call has a key of its own, so that it is made once although its connection may break.
   */
  idempotencyKey?: string | undefined;
}

/**
 * The durable promise of that id.
 *
 *     const approval = durablePromise<boolean>("localhost:8080", "approval-17");
 *     if (await approval.get()) ...
 *
 * @param where the address of Restate, with or without a scheme; or, in a handler, its context: then what is asked
 *   and answered is part of the handler's journal, and a wait suspends it
 * @throws a `TerminalError` of code 400 when `id` is none
 */
export function durablePromise<T>(
  where: string | restate.Context,
  id: string,
  options?: HttpOptions,
): DurablePromise<T> {
  const flaw = Id.safeParse(id).error?.issues[0]?.message;
  if (flaw !== undefined) throw new restate.TerminalError(`the id of a promise ${flaw}`, { errorCode: 400 });
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

/** The value of a promise that was resolved. Throws a `PromiseRejected` if it was rejected. */
function valueOf<T>(outcome: Outcome): T {
  if ("error" in outcome) throw new PromiseRejected(outcome.error);
  return outcome.value as T;
}

/** There is no time within which a promise must be completed. */
const PATIENTLY = { maxAttempts: false, maxDuration: false } as const;

/** A promise as any process sees it, through the ingress of Restate. */
function overHttp(uri: string, id: string, { idempotencyKey }: HttpOptions = {}): PromiseVerbs {
  const url = (/^https?:\/\//i.test(uri) ? uri : `http://${uri}`).replace(/\/+$/, "");
  const server = (retry: clients.ConnectionOpts["retry"] = true) =>
    clients.connect({ url, retry }).serviceClient<typeof durablePromiseServer>({ name: "durablePromiseServer" });
  // the server's keys are for all promises: those of two promises must differ
  const once = <I, O>(key = crypto.randomUUID() as string) =>
    clients.rpc.opts<I, O>({ idempotencyKey: `${encodeURIComponent(id)}/${encodeURIComponent(key)}` });
  const request = { promiseName: id };
  return {
    // it asks for the present, and is never answered what another call was told
    peek: () => answerOf(server().peek({ request }, once())),
    await: () => answerOf(server(PATIENTLY).await({ request }, once(idempotencyKey))),
    resolve: (value) => answerOf(server().resolve({ request: { ...request, value } }, once(idempotencyKey))),
    reject: (errorMessage) =>
      answerOf(server().reject({ request: { ...request, errorMessage } }, once(idempotencyKey))),
  };
}
