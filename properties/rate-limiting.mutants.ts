import type { Mutant } from "../harness/stack/index.ts";

const limiter = "src/rate-limiting/limiter.ts";
const bucket = "src/rate-limiting/bucket.ts";

const MORE = "no window admits more";
const SERVED = "waiting callers are served";
const REFUSED = "refused only for lack of permits";

export const mutants: Mutant[] = [
  {
    name: "one more than the burst",
    file: bucket,
    find: "Math.max(0, permits - ready.permits)",
    replace: "Math.max(0, permits - ready.permits - 1)",
    breaks: [MORE],
  },
  {
    name: "bucket without a brim",
    file: bucket,
    find: "Math.min(bucket.burst, bucket.permits + fresh)",
    replace: "bucket.permits + fresh",
    breaks: [MORE],
    note: "the limiter is left alone for longer than it takes to fill it",
  },
  {
    name: "refill by seconds taken for milliseconds",
    file: bucket,
    find: "((at - bucket.at) * bucket.ratePerSecond) / 1000",
    replace: "(at - bucket.at) * bucket.ratePerSecond",
    breaks: [MORE],
  },
  {
    name: "refilled for the same time again",
    file: bucket,
    find: "{ ...then, permits:",
    replace: "{ ...then, at: bucket.at, permits:",
    breaks: [MORE],
    note: "a bucket that is touched does not move on in time",
  },
  {
    name: "every request counted as one permit",
    file: bucket,
    find: "Math.max(0, then.permits - permits)",
    replace: "Math.max(0, then.permits - 1)",
    breaks: [MORE],
  },
  {
    name: "those who wait are not counted",
    file: bucket,
    find: "const at = Math.max(now, bucket.at);\n  const fresh = ((at - bucket.at)",
    replace: "const at = now;\n  const fresh = (Math.max(0, at - bucket.at)",
    breaks: [MORE],
    note: "somebody waits, and another comes",
  },
  {
    name: "clock read anew in every attempt",
    file: limiter,
    find: "  const now = await ctx.date.now();\n  const bucket",
    replace: "  const now = Date.now();\n  const bucket",
    breaks: ["replays deterministically", "terminates"],
    note: "an attempt ends after the bucket was written, and the next one writes another",
  },
  {
    name: "refused, and taken all the same",
    file: limiter,
    find: '  if (delayMs > maxWaitMs) return null;\n  ctx.set("bucket", after);\n',
    replace: '  ctx.set("bucket", after);\n  if (delayMs > maxWaitMs) return null;\n',
    breaks: [REFUSED, SERVED],
  },
  {
    name: "allowed for later",
    file: limiter,
    find: "{ permits, maxWaitMs: 0 }",
    replace: "{ permits, maxWaitMs: 1000 }",
    breaks: [MORE],
  },
  {
    name: "time that one would wait forgotten",
    file: limiter,
    find: "if (delayMs > maxWaitMs) return null;",
    replace: "if (maxWaitMs === 0 && delayMs > 0) return null;",
    breaks: [REFUSED],
  },
  {
    name: "answered before the permits are there",
    file: limiter,
    find: "if (reservation) await ctx.sleep",
    replace: "if (reservation) ctx.sleep",
    breaks: [MORE],
  },
  {
    name: "slept in seconds",
    file: limiter,
    find: "ctx.sleep(reservation.delayMs)",
    replace: "ctx.sleep({ seconds: reservation.delayMs })",
    breaks: [SERVED, "terminates"],
  },
  {
    name: "who waits keeps the limiter to itself",
    file: limiter,
    find: "wait: restate.handlers.object.shared(",
    replace: "wait: restate.handlers.object.exclusive(",
    breaks: ["terminates", SERVED],
    note: "it calls itself, and waits for ever",
  },
  {
    name: "who waits takes twice",
    file: limiter,
    find: "        if (reservation) await ctx.sleep",
    replace:
      "        if (reservation) ctx.objectSendClient(limiter, ctx.key).reserve(request);\n        if (reservation) await ctx.sleep",
    breaks: [REFUSED, SERVED],
  },
  {
    name: "all who wait take from one bucket",
    file: limiter,
    find: "ctx.objectClient(limiter, ctx.key)",
    replace: 'ctx.objectClient(limiter, ctx.key.split("-")[0] ?? "")',
    breaks: [MORE, SERVED],
  },
  {
    name: "given up after a while, and told that it is granted",
    file: limiter,
    find: "await ctx.sleep(reservation.delayMs);",
    replace: "await ctx.sleep(reservation.delayMs).orTimeout(50).catch(() => undefined);",
    breaks: [MORE],
  },
  {
    name: "new rate fills the bucket",
    file: limiter,
    find: "permits: Math.min(rate.burst, permits) });",
    replace: "permits: rate.burst });",
    breaks: [MORE],
  },
  {
    name: "new rate counted from when the bucket was last touched",
    file: limiter,
    find: "refilled(await bucketOf(ctx, now), now);",
    replace: "refilled({ ...(await bucketOf(ctx, now)), ...rate }, now);",
    breaks: [MORE],
    note: "the rate is raised",
  },
  {
    name: "new rate ignores what is granted for later",
    file: limiter,
    find: "{ ...rate, at, permits: Math.min",
    replace: "{ ...rate, at: now, permits: Math.min",
    breaks: [MORE],
    note: "somebody waits, and the rate is set",
  },
];
