import { CancelledError, type RestatePromise } from "@restatedev/restate-sdk";

/**
 * Waits until `promise` has really come to its end, however often the invocation is cancelled meanwhile.
 *
 * Restate ends an invocation gently by failing whatever its handler awaits with a `CancelledError`. That fails the
 * *await*, not what is awaited: a payment that was asked for may still be charged, and a call may still succeed. A handler that
 * leaves then knows nothing of what it has done, and undoes the wrong things. So one that has an effect on its way waits on.
 *
 * Once is not enough. Everyone may cancel, a nervous user three times in a row, and each time the await fails again, the
 * one in a `catch` block that compensates as well. Hence the loop: only the end of the thing itself ends it.
 *
 *     const charge = ctx.run("charge", () => provider.charge(card));
 *     await untilSettled(charge);   // from here on it is known whether the card was charged
 *
 * @param promise a call, a `ctx.run`, a sleep, an awakeable, or a combination of them. A promise whose await has failed
 *   stays failed; `map` gives a fresh one of the same thing, so the loop journals nothing twice.
 * @throws the failure of the thing itself. A call to another handler fails with a `TerminalError` of code 409 when the
 *   cancellation was passed on to its invocation and ended it: an end as any other, and never a `CancelledError`.
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
