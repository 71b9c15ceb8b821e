import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import type { PromiseVerbs } from "./in-context.ts";
import type { durablePromiseServer } from "./server.ts";

export interface HttpOptions {
  /**
   * Calls of one verb for one promise that have the same key are one call: for processes that may repeat what they did.
   * By default every call has a key of its own, so that it is made once although its connection may break.
   */
  idempotencyKey?: string | undefined;
}

/** There is no time within which a promise must be completed. */
const PATIENTLY = { maxAttempts: false, maxDuration: false } as const;

/** A promise as any process sees it, through the ingress of Restate. */
export function overHttp(uri: string, id: string, { idempotencyKey }: HttpOptions = {}): PromiseVerbs {
  const url = (/^https?:\/\//.test(uri) ? uri : `http://${uri}`).replace(/\/+$/, "");
  const server = (retry: clients.ConnectionOpts["retry"] = true) =>
    clients.connect({ url, retry }).serviceClient<typeof durablePromiseServer>({ name: "durablePromiseServer" });
  // the server's keys are for all promises: those of two promises must differ
  const once = <I, O>() =>
    clients.rpc.opts<I, O>({ idempotencyKey: `${encodeURIComponent(id)}/${idempotencyKey ?? crypto.randomUUID()}` });
  const request = { promiseName: id };
  return {
    // without a key: it asks for the present, and may be asked again
    peek: () => answerOf(server().peek({ request })),
    await: () => answerOf(server(PATIENTLY).await({ request }, once())),
    resolve: (value) => answerOf(server().resolve({ request: { ...request, value } }, once())),
    reject: (errorMessage) => answerOf(server().reject({ request: { ...request, errorMessage } }, once())),
  };
}

/** What Restate refuses, or an invocation failed with, is an end as it is in a handler; anything else leaves it open. */
async function answerOf<T>(call: PromiseLike<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof clients.HttpCallError) || error.status >= 500) throw error;
    throw new restate.TerminalError(messageIn(error.responseText), { errorCode: error.status });
  }
}

function messageIn(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? text);
  } catch {
    return text;
  }
}
