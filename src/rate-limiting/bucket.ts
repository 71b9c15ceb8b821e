/** How many permits there are: one more each 1/ratePerSecond seconds, and never more than `burst` at a time. */
export interface Rate {
  ratePerSecond: number;
  burst: number;
}

/** A token bucket. */
export interface Bucket extends Rate {
  /** the permits in it at the time `at` */
  permits: number;
  /** in milliseconds: when it was last touched, or the time of the latest grant, which may be yet to come */
  at: number;
}

/**
 * The bucket, left alone until `now`. It is never earlier than the latest grant: whoever comes later is granted later, and a
 * clock that was put back takes nothing away.
 */
export function refilled(bucket: Bucket, now: number): Bucket {
  const at = Math.max(now, bucket.at);
  const fresh = ((at - bucket.at) * bucket.ratePerSecond) / 1000;
  return { ...bucket, at, permits: Math.min(bucket.burst, bucket.permits + fresh) };
}

/** The bucket after the earliest grant of so many permits, at its `at`; they are no more than the burst. */
export function granted(bucket: Bucket, permits: number, now: number): Bucket {
  const ready = refilled(bucket, now);
  const missing = Math.max(0, permits - ready.permits);
  const then = refilled(ready, ready.at + Math.ceil((missing * 1000) / ready.ratePerSecond));
  // a sum of fractions may be short of a whole by the last digit
  return { ...then, permits: Math.max(0, then.permits - permits) };
}
