import * as restate from "@restatedev/restate-sdk";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** How a promise was completed. It is there from the completion on, so that `{ value: null }` is not a pending promise. */
export type Outcome = { value: Json } | { error: string };

/** The code of the failure of those who waited for a promise that was disposed of. */
export const GONE = 410;

/** What a promise was rejected with: the message is the one that was given, also when it is empty. */
export class PromiseRejected extends restate.TerminalError {
  override name = "PromiseRejected";
}

/** The value of a promise that was resolved. Throws a `PromiseRejected` if it was rejected. */
export function valueOf<T>(outcome: Outcome): T {
  if ("error" in outcome) throw new PromiseRejected(outcome.error);
  return outcome.value as T;
}
