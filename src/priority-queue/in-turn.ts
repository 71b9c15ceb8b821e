import type * as restate from "@restatedev/restate-sdk";
import { untilSettled } from "../shared/until-settled.ts";
import { queue } from "./queue.ts";

/**
 * Waits for a slot of a queue, works while it holds it, and gives it back once: also when the work fails, and at
 * whatever point the invocation is cancelled. Work that has begun is not cancelled any more, and keeps its slot to its end.
 */
export async function inTurn<T>(
  ctx: restate.Context,
  { queue: key, priority }: { queue: string; priority: number },
  work: () => restate.RestatePromise<T>,
): Promise<T> {
  // one-way, and not waited for: no cancellation comes in between
  const line = ctx.objectSendClient(queue, key);
  const { id, promise } = ctx.awakeable<void>();
  line.push({ awakeable: id, priority });
  try {
    await promise;
  } catch (error) {
    // the slot may be on its way: only the queue knows
    line.drop(id);
    throw error;
  }
  try {
    return await untilSettled(work());
  } finally {
    line.done();
  }
}
