import { CancelledError, type RestatePromise } from "@restatedev/restate-sdk";

/**
 * Waits for the end of what `promise` stands for, a call or a `ctx.run`, however often the invocation is cancelled
 * meanwhile. A cancellation fails the await that is pending, not what is awaited; `map` gives a fresh promise of the
 * same thing, which can be awaited again.
 *
 * Rejects with the failure of the thing itself. A call that failed because the cancellation was passed on to it
 * rejects with a plain `TerminalError` of code 409, never with a `CancelledError`.
 */
export async function untilSettled<T>(promise: RestatePromise<T>): Promise<T> {
  for (;;) {
    try {
      return await promise.map((value, failure) => {
        if (failure) throw failure;
        return value as T;
      });
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
    }
  }
}
