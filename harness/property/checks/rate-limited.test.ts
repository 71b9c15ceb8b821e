import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { canBeGranted, type Grant, type Limit, rateLimited } from "./rate-limited.ts";

const always = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
const LIMITS = [{ ...always, permitMs: 10, burst: 2 }];

const grantOf = fc.record({
  permits: fc.integer({ min: 1, max: 2 }),
  from: fc.nat(6).map((n) => n * 5),
  length: fc.nat(4).map((n) => n * 5),
});
const grantsOf = fc
  .array(grantOf, { maxLength: 4 })
  .map((all) => all.map(({ from, length, permits }): Grant => ({ permits, from, to: from + length })));
const limitsOf = fc.constantFrom(
  LIMITS,
  [{ ...always, permitMs: 5, burst: 3 }],
  [
    { ...always, permitMs: 10, burst: 1 },
    { ...always, from: 12.5, permitMs: 5, burst: 2 },
  ],
  [
    { ...always, to: 17.5, permitMs: 5, burst: 2 },
    { ...always, from: 7.5, permitMs: 10, burst: 1 },
  ],
);

/** With these grants and limits, the earliest times of any order are among the multiples of this. */
const STEP = 2.5;

/** The definition: permits come in with each step, before they are granted. */
function isAllowed(times: readonly { at: number; permits: number }[], limits: readonly Limit[]): boolean {
  const holding = (at: number) => limits.filter(({ from, to }) => from <= at && at < to);
  const burst = (at: number) => Math.max(...holding(at).map((one) => one.burst));
  let level = Number.POSITIVE_INFINITY;
  for (let at = 0; at <= 60; at += STEP) {
    if (at > 0) level += STEP / Math.min(...holding(at - STEP).map(({ permitMs }) => permitMs));
    level = Math.min(burst(at - STEP), burst(at), level);
    const asked = times.filter((one) => one.at === at).reduce((sum, { permits }) => sum + permits, 0);
    if (asked > level + 1e-9) return false;
    level -= asked;
  }
  return true;
}

function someChoice(
  grants: readonly Grant[],
  limits: readonly Limit[],
  times: { at: number; permits: number }[] = [],
): boolean {
  const [first, ...others] = grants;
  if (!first) return isAllowed(times, limits);
  for (let at = first.from; at <= first.to; at += STEP)
    if (someChoice(others, limits, [...times, { at, permits: first.permits }])) return true;
  return false;
}

test("it is exact: it agrees with a trial of every choice of times", () => {
  const counted = { true: 0, false: 0 };
  fc.assert(
    fc.property(grantsOf, limitsOf, (grants, limits) => {
      const expected = someChoice(grants, limits);
      expect(canBeGranted(grants, limits)).toBe(expected);
      counted[`${expected}`]++;
    }),
    { numRuns: 1500 },
  );
  expect(Math.min(counted.true, counted.false)).toBeGreaterThan(200);
});

test("the earliest deadline is not always first: who comes soon, and has no time at all, is waited for", () => {
  const one = [{ ...always, permitMs: 10, burst: 1 }];
  expect(
    canBeGranted(
      [
        { permits: 1, from: 0, to: 20 },
        { permits: 1, from: 5, to: 5 },
      ],
      one,
    ),
  ).toBe(true);
  expect(
    canBeGranted(
      [
        { permits: 1, from: 0, to: 14 },
        { permits: 1, from: 5, to: 5 },
      ],
      one,
    ),
  ).toBe(false);
});

const take = operation({
  args: fc.record({ limiter: fc.constant("@l"), key: fc.string() }),
  request: ({ limiter, key }) => ({ call: "limiter/take", key: limiter, idempotencyKey: key }),
});
named({ take });
const limiters = groupBy({ of: [take], by: ({ limiter }) => limiter });
const check = rateLimited(limiters, {
  limits: () => LIMITS,
  grants: ({ requests }, { events }) =>
    requests.flatMap((one) => {
      const [from, to] = [events[one.invoked]?.at ?? 0, events[one.completed]?.at ?? 0];
      return one.outcome === "ok" ? [{ one, permits: 1, from, to }] : [];
    }),
});
const taken = (id: string, key: string, script: Script, from: number, to: number) =>
  script.at(from).invoke(id, take, { limiter: "@l", key }).at(to).ok(id);

test("what contradicts each other is told, and nothing else; a clock's tick is forgiven, and a duplicate is no second grant", async () => {
  const all = (last: number, key: string) => {
    const script = new Script();
    taken("o1", "@k1", script, 0, 1);
    taken("o2", "@k2", script, 50, 52);
    taken("o3", "@k3", script, 52, 53);
    taken("o4", key, script, last, last + 1);
    return script.history();
  };
  expect(await complaint(check, all(54, "@k4"))).toEqual({
    summary: "Of @l, 3 permits were granted within 5 ms, and no choice of moments in between allows that.",
    expected: "2, and one each 10 ms",
    events: [2, 3, 4, 5, 6, 7],
  });
  expect(await complaint(check, all(54, "@k3"))).toBeUndefined();
  expect(await complaint(check, all(57, "@k4"))).toBeUndefined();
  expect(await complaint(check, all(56, "@k4"))).toBeDefined();
});

test("what takes too long to tell is not told", async () => {
  const hard = Array.from({ length: 24 }, (_, n) => ({ permits: 1 + (n % 2), from: n, to: 330 - ((n * 7) % 24) }));
  const judge = rateLimited(limiters, { limits: () => LIMITS, grants: () => hard });
  const script = new Script().invoke("o1", take, { limiter: "@l", key: "@k" });
  expect(await judge(script.history())).toEqual({ verdict: "unknown", reason: "too many orders of 24 grants" });
});
