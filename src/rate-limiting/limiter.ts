import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { limiterBurst, limiterRate } from "../shared/configuration.ts";
import { type Bucket, granted, type Rate, refilled } from "./bucket.ts";

/** A hundred years, in milliseconds: Restate's calendar has an end. */
const MOST_WAIT = 100 * 365 * 24 * 60 * 60 * 1000;

const Permits = z.int().positive().max(1e6);
const Take = z.object({ permits: Permits.default(1) });
const Request = Take.extend({ maxWaitMs: z.int().nonnegative().max(MOST_WAIT).default(MOST_WAIT) });
const NewRate = z.object({ ratePerSecond: z.number().min(1e-6).max(1e6), burst: Permits });

/**
 * A rate limiter, keyed by what it limits: a token bucket, full at first. In no time window are more permits granted than
 * the burst, and the rate times the length of the window. Who comes first is granted first.
 *
 * - `allow({permits?})` -> boolean: whether they are granted, now
 * - `wait({permits?, maxWaitMs?})` -> boolean: true when they are granted, false at once when that would take longer
 * - `reserve({permits?, maxWaitMs?})` -> `{delayMs}`: they are granted, for the time that is so far away; or null
 * - `setRate({ratePerSecond, burst})`: for all that comes later. What is granted stays granted, and the new rate begins after
 *   it; the bucket is not filled by that
 *
 * What is not granted takes nothing. One permit is asked for when nothing is said; more than the burst are refused with 400.
 * Permits that were granted are used up, also when who waits for them is cancelled. With an idempotency key a request that is
 * made again is the same request.
 */
export const limiter = restate.object({
  name: "limiter",
  handlers: {
    allow: restate.handlers.object.exclusive(
      { input: restate.serde.schema(Take) },
      async (ctx: restate.ObjectContext<LimiterState>, { permits }: z.infer<typeof Take>): Promise<boolean> =>
        (await take(ctx, { permits, maxWaitMs: 0 })) !== null,
    ),

    reserve: restate.handlers.object.exclusive(
      { input: restate.serde.schema(Request) },
      (ctx: restate.ObjectContext<LimiterState>, request: z.infer<typeof Request>): Promise<Reservation | null> =>
        take(ctx, request),
    ),

    /** Shared, so that it keeps nobody from the limiter while it sleeps. */
    wait: restate.handlers.object.shared(
      { input: restate.serde.schema(Request) },
      async (ctx: restate.ObjectSharedContext, request: z.infer<typeof Request>): Promise<boolean> => {
        const reservation: Reservation | null = await ctx.objectClient(limiter, ctx.key).reserve(request);
        if (reservation) await ctx.sleep(reservation.delayMs);
        return reservation !== null;
      },
    ),

    setRate: restate.handlers.object.exclusive(
      { input: restate.serde.schema(NewRate) },
      async (ctx: restate.ObjectContext<LimiterState>, rate: Rate): Promise<void> => {
        const now = await ctx.date.now();
        const { at, permits } = refilled(await bucketOf(ctx, now), now);
        ctx.set("bucket", { ...rate, at, permits: Math.min(rate.burst, permits) });
      },
    ),
  },
});

type LimiterState = { bucket: Bucket };
type Reservation = { delayMs: number };

async function take(
  ctx: restate.ObjectContext<LimiterState>,
  { permits, maxWaitMs }: z.infer<typeof Request>,
): Promise<Reservation | null> {
  const now = await ctx.date.now();
  const bucket = await bucketOf(ctx, now);
  if (permits > bucket.burst) {
    throw new restate.TerminalError(`permits must be at most ${bucket.burst}, the burst`, { errorCode: 400 });
  }
  const after = granted(bucket, permits, now);
  const delayMs = after.at - now;
  if (delayMs > maxWaitMs) return null;
  ctx.set("bucket", after);
  return { delayMs };
}

async function bucketOf(ctx: restate.ObjectContext<LimiterState>, now: number): Promise<Bucket> {
  const burst = limiterBurst();
  return (await ctx.get("bucket")) ?? { ratePerSecond: limiterRate(), burst, permits: burst, at: now };
}
