import { TerminalError } from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";

/** Restate did not answer, however often it was asked: what became of the call is open. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
}

/**
 * What Restate answers to a call from outside.
 *
 * @throws a `TerminalError`, as a handler would see it, with the status and message of a definite failure: the one with which
 *   the invocation ended, or a refusal of Restate itself; a `NoAnswer` where the retries of `call` have found no answer
 */
export async function answerOf<T>(call: PromiseLike<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof clients.HttpCallError)) throw new NoAnswer("no answer from Restate", { cause: error });
    const { message, source } = parse(error.responseText);
    if (source !== "invocation" && isOfTheMoment(error.status)) throw new NoAnswer(message, { cause: error });
    throw new TerminalError(message, { errorCode: error.status });
  }
}

/** Statuses that speak of the moment and not of the request, unless an invocation has ended with them. */
const isOfTheMoment = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status);

function parse(text: string): { message: string; source?: unknown } {
  try {
    const { message = text, source } = JSON.parse(text) as { message?: unknown; source?: unknown };
    return { message: String(message), source };
  } catch {
    return { message: text };
  }
}
