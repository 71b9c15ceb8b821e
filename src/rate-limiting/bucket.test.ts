import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bucket, granted, refilled } from "./bucket.ts";

const full: Bucket = { ratePerSecond: 10, burst: 3, permits: 3, at: 1000 };

test("the burst is granted at once, and what is more as it comes in", () => {
  const times: number[] = [];
  let bucket = full;
  for (let n = 0; n < 5; n++) {
    bucket = granted(bucket, 1, 1000);
    times.push(bucket.at);
  }
  expect(times).toEqual([1000, 1000, 1000, 1100, 1200]);
  expect(granted(bucket, 2, 1250).at).toBe(1400);
  expect(granted(full, 3, 1000)).toMatchObject({ at: 1000, permits: 0 });
});

test("it holds no more than the burst, however long it is left alone, and loses nothing when the clock is put back", () => {
  expect(refilled({ ...full, permits: 0 }, 1e9)).toMatchObject({ permits: 3, at: 1e9 });
  expect(refilled({ ...full, permits: 1 }, 500)).toMatchObject({ permits: 1, at: 1000 });
});

test("no window has more than the burst and the rate times its length; grants come in the order of the requests", () => {
  const rate = fc.record({
    ratePerSecond: fc.constantFrom(0.3, 1, 7, 10, 333.3),
    burst: fc.integer({ min: 1, max: 4 }),
  });
  const asked = fc.array(fc.record({ pause: fc.nat(400), permits: fc.integer({ min: 1, max: 4 }) }), { maxLength: 30 });
  fc.assert(
    fc.property(rate, asked, ({ ratePerSecond, burst }, requests) => {
      let [now, bucket]: [number, Bucket] = [0, { ratePerSecond, burst, permits: burst, at: 0 }];
      const grants = requests.map(({ pause, permits }) => {
        now += pause;
        const wanted = Math.min(permits, burst);
        bucket = granted(bucket, wanted, now);
        expect(bucket.at).toBeGreaterThanOrEqual(now);
        return { at: bucket.at, wanted };
      });
      for (const [first, { at }] of grants.entries()) {
        let sum = 0;
        for (const grant of grants.slice(first)) {
          sum += grant.wanted;
          expect(grant.at).toBeGreaterThanOrEqual(at);
          expect(sum).toBeLessThanOrEqual(burst + (ratePerSecond * (grant.at - at)) / 1000 + 1e-6);
        }
      }
    }),
  );
});
