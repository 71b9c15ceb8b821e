import { TerminalError } from "@restatedev/restate-sdk";
import { Refusal } from "./http.ts";

/** For the `catch` of a call inside `ctx.run`: a refusal ends the invocation, any other failure is retried. */
export function endOnRefusal(error: unknown): never {
  if (error instanceof Refusal) throw new TerminalError(error.message, { errorCode: error.status });
  throw error;
}
