import fc from "fast-check";
import { z } from "zod";
import {
  at,
  attach,
  cancel,
  checks,
  constants,
  disturbances,
  faults,
  type Group,
  groupBy,
  type HistoryView,
  ids,
  invalidInput,
  oneByOne,
  operation,
  property,
  scenario,
  terminate,
  violation,
  withWrong,
} from "../harness/index.ts";

/** Of a limiter whose rate was never set: one permit each 200 ms. */
const settings = constants("rate-limiting", { LIMITER_RATE: 5, LIMITER_BURST: 2 });
const DEFAULT = { permitMs: 1000 / settings.LIMITER_RATE, burst: settings.LIMITER_BURST };
/** Its services read a clock that ticks in milliseconds. */
const TICK_MS = 1;
/** A busy machine may be so late, and no later. */
const SLACK_MS = 1000;
const BAD = 400;

// --- what clients do

type Take = { limiter: string; permits: number; key: string; maxWaitMs?: number };
const limiter = ids("@l1", "@l1", "@l1", "@l2");
const key = ids("", "", "@k1", "@k2", "@k3");
const some = (...values: number[]) => fc.constantFrom(...values);
const permits = some(1, 1, 1, 1, 1, 2, 2, 3);
const maxWaitMs = fc.constantFrom<(number | undefined)[]>(undefined, undefined, 0, 250);
const request = (handler: string, { limiter, key, ...input }: Take) => ({
  call: `limiter/${handler}`,
  key: limiter,
  input,
  ...(key && { idempotencyKey: `${key}-${JSON.stringify(input)}` }),
});

const allow = operation({
  weight: 4,
  args: fc.record<Take>({ limiter, permits, key }),
  request: (args) => request("allow", args),
  answer: z.boolean(),
});
const wait = operation({
  weight: 4,
  args: fc.record<Take>({ limiter, permits, key, maxWaitMs }),
  request: (args) => request("wait", args),
  answer: z.boolean(),
  waits: true,
});
const reserve = operation({
  weight: 2,
  args: fc.record<Take>({ limiter, permits, key, maxWaitMs }),
  request: (args) => request("reserve", args),
  answer: z.strictObject({ delayMs: z.int().nonnegative() }).nullable(),
});
const setRate = operation({
  args: fc.record({ limiter, permitMs: some(250, 200, 100), burst: some(1, 2, 4) }),
  request: ({ limiter, permitMs, burst }) => {
    return { call: "limiter/setRate", key: limiter, input: { ratePerSecond: 1000 / permitMs, burst } };
  },
});
const take = { call: "limiter/reserve", key: "@l3" };
const malformed = invalidInput(
  ...withWrong(take, { permits: 1 }, { permits: [0, 0.5, "1", null, 1e9], maxWaitMs: [-1, 0.5, "1"] }),
  { request: { ...take, input: { permits: DEFAULT.burst + 1 } }, field: "permits" },
);

const limiters = groupBy({
  of: [allow, wait, reserve, setRate],
  by: ({ limiter }) => limiter,
  failsWith: (group, one) => ({ [BAD]: (takeOf(one)?.permits ?? 0) > leastBurst(group) }),
});
type Limiter = Group<typeof allow | typeof wait | typeof reserve | typeof setRate>;
type Rec = Limiter["operations"][number];

// --- what is known of a limiter

const takeOf = (one: Rec): Take | undefined => (setRate.is(one) ? undefined : one.args);
/** It took nothing, and never will. */
const isRefused = (one: Rec): boolean =>
  one.result === false || (reserve.is(one) && one.result === null) || one.error?.code === BAD;
const ratesOf = ({ requests }: Limiter) => [DEFAULT, ...setRate.among(requests).map(({ args }) => args)];
const leastBurst = (group: Limiter): number => Math.min(...ratesOf(group).map(({ burst }) => burst));

/** So many milliseconds it may have to wait, and no more: all that may be ahead of it are. */
function longestDelay(group: Limiter, one: Rec): number {
  const ahead = group.requests.filter((other) => other === one || (other.invoked < one.left && !isRefused(other)));
  const sum = ahead.reduce((total, other) => total + (takeOf(other)?.permits ?? 0), 0);
  const slowest = Math.max(...ratesOf(group).map(({ permitMs }) => permitMs));
  return Math.ceil(Math.max(0, sum - leastBurst(group)) * slowest);
}

/** Between its invoke and its completion; a reservation so much later as it says. */
function grantsOf(one: Rec, view: HistoryView): { one: Rec; permits: number; from: number; to: number }[] {
  const permits = takeOf(one)?.permits;
  if (permits === undefined || one.result === undefined || isRefused(one)) return [];
  const delay = reserve.is(one) ? (one.result?.delayMs ?? 0) : 0;
  return [
    { one, permits, from: checks.timeAt(one.invoked, view) + delay, to: checks.timeAt(one.completed, view) + delay },
  ];
}

/**
 * A rate may hold from the invoke of its `setRate` on, and until a later one was answered, and what had been asked for by then
 * was granted: that begins after it.
 */
function limitsOf(group: Limiter, view: HistoryView) {
  const set = setRate.among(group.requests).filter(({ outcome }) => outcome !== "fail");
  const endOfOthers = (by: Rec): number => {
    const answered = checks.timeAt(by.completed, view);
    const pending = group.requests.filter((one) => one.invoked < by.completed && !isRefused(one));
    const last = (one: Rec) =>
      Math.min(answered + longestDelay(group, one), ...grantsOf(one, view).map(({ to }) => to));
    return Math.max(answered, ...pending.map(last));
  };
  const until = (isLater: (one: Rec) => boolean) => Math.min(...set.filter(isLater).map(endOfOthers));
  return [
    { ...DEFAULT, from: Number.NEGATIVE_INFINITY, to: until(() => true) },
    ...set.map((one) => {
      const from = checks.timeAt(one.invoked, view) - TICK_MS;
      return { ...one.args, from, to: until((other) => one.precedes(other)) };
    }),
  ];
}

// --- what must hold

const noWindowAdmitsMore = checks.rateLimited(limiters, {
  grants: ({ requests }, view) => requests.flatMap((one) => grantsOf(one, view)),
  limits: limitsOf,
});

/** Unless a client has gone, of whom nobody knows whether its request ever arrived. */
const waitingCallersAreServed = limiters.every((group, view) => {
  const isDisturbed = view.faults.length > 0 || group.isInterrupted;
  for (const one of wait.among(group.requests)) {
    if (one.isInterrupted || isRefused(one)) continue;
    if (one.result === undefined && Number.isFinite(one.left) && !one.error) continue;
    if (one.result === undefined) return violation(`${one} was never served.`, {}, one);
    const took = checks.timeAt(one.completed, view) - checks.timeAt(one.invoked, view);
    const longest = longestDelay(group, one);
    if (isDisturbed || took <= longest + SLACK_MS) continue;
    const seen = `after ${Math.ceil(took)} ms`;
    return violation(`${one} was served too late.`, { expected: `within ${longest} ms, and a bit`, seen }, one);
  }
  return undefined;
});

/** What is there is granted, as soon as it is there, or would be within the time; a duplicate takes nothing from it. */
const refusedOnlyForLack = limiters.every((group) => {
  for (const one of group.requests) {
    const longest = longestDelay(group, one);
    const patience = allow.is(one) ? 0 : (takeOf(one)?.maxWaitMs ?? Number.POSITIVE_INFINITY);
    if (one.result !== undefined && isRefused(one) && longest <= patience)
      return violation(`${one} was refused, and there were permits for it.`, {}, group.requests);
    const delay = (reserve.is(one) && one.result?.delayMs) || 0;
    const most = Math.min(longest, patience);
    if (delay <= most) continue;
    return violation(`${one} was granted for too late a time.`, { expected: most, seen: delay }, group.requests);
  }
  return undefined;
});

// --- the property

const base = { limiter: "@l1", permits: 1, key: "" };
const of2 = { ...base, permits: 2 };
const of3 = { ...base, permits: 3 };
const one = { now: allow(base), later: wait(base), reserved: reserve(base) };
const two = { now: allow(of2), later: wait(of2), reserved: reserve(of2) };
const rate = (permitMs: number, burst: number, limiter = "@l1") => setRate({ limiter, permitMs, burst });
const [sameNow, sameLater] = [allow({ ...of2, key: "@k1" }), wait({ ...of2, key: "@k1" })];
/** Meanwhile, at another limiter, somebody waits. */
const other = { ...base, limiter: "@l2" };
const rest = [rate(600, 1, "@l2"), reserve(other), wait(other)];
/** It has been told when, and sleeps. */
const sleeping = (id: string) => at.message(id, 2);
const waiterIs = (...ended: (typeof cancel)[]) =>
  scenario({
    o1: two.reserved,
    o2: one.later.after("o1"),
    ...Object.fromEntries(ended.map((end, n) => [`e${n}`, end("o2").after(sleeping("o2"))])),
    o3: one.later.after("e0"),
  }).reachedWhen(wait.someTwo((gone, other) => gone.isInterrupted && gone.result !== true && other.result === true));

property("no more permits are granted than the limit allows, and who waits is served", {
  pattern: "rate-limiting",
  settings,
  operations: { allow, wait, reserve, setRate, malformed },
  invariants: {
    "no window admits more": noWindowAdmitsMore,
    "waiting callers are served": waitingCallersAreServed,
    "refused only for lack of permits": refusedOnlyForLack,
  },
  scenarios: {
    "more ask at once than there are permits": scenario({ o1: two.now, o2: one.now, o3: two.now }).reachedWhen(
      limiters.someTwo((a, b) => a.overlaps(b) && a.result !== b.result),
    ),
    "several wait at once": scenario({ o1: one.later, o2: one.later, o3: two.later, o4: one.later }),
    "permits are reserved": scenario(oneByOne(one.reserved, two.reserved, two.reserved, one.reserved)),
    "nobody is let in before those who wait": scenario(
      oneByOne(two.reserved, one.later, one.now.after(sleeping("o2")), two.later),
    ),
    "it would take too long": scenario(
      oneByOne(two.reserved, wait({ ...base, maxWaitMs: 50 }), reserve({ ...base, maxWaitMs: 50 }), one.reserved),
    ).reachedWhen(reserve.some(({ result }) => result === null)),
    "more is asked for than there ever is": scenario(
      oneByOne(wait(of3).refusedWith(BAD), allow(of3).refusedWith(BAD), two.now),
    ),
    "a limiter is left alone for longer than it takes to fill it": scenario({
      ...oneByOne(one.later, ...rest),
      o5: two.now.after("o4"),
      o6: one.now.after("o4"),
    }),
    "the burst is raised when it was left alone": scenario(oneByOne(two.now, ...rest, rate(200, 3), allow(of3))),
    "the rate is set while permits are reserved for later": scenario(
      oneByOne(two.reserved, two.reserved, rate(200, 2), two.reserved, two.later),
    ),
    "the rate is raised while somebody waits": scenario({
      ...oneByOne(two.reserved, two.later, rate(100, 4).after(sleeping("o2")), two.now),
      o5: two.later.after("o3"),
      o6: two.later.after("o3"),
    }),
    "the rate is lowered": scenario(oneByOne(rate(100, 4), one.now, rate(250, 1), one.now, one.now, one.later)),
    "a higher burst fills nothing": scenario(oneByOne(two.now, rate(200, 4), two.now, two.later)),
    "asked again": scenario(oneByOne(sameNow, sameNow, sameLater, sameLater, attach("o3"))),
    "asked again after a lost answer": scenario(oneByOne(sameNow, sameNow), faults.walkAway.after(at.invoked("o1"))),
    "who waits is cancelled": waiterIs(cancel),
    "who waits is cancelled twice": waiterIs(cancel, cancel),
    "who waits is terminated": waiterIs(terminate),
    "who waits is cancelled before it was told when": scenario(
      oneByOne(one.later, cancel("o1").after(at.message("o1", 1)), two.later),
    ).reachedWhen(wait.some(({ interruptedBy, outcome }) => interruptedBy.has("cancel") && outcome === "info")),
    "the service process is killed while somebody sleeps": scenario(
      { o1: two.reserved, o2: one.later.after("o1").retrying(2), o3: two.now.after("o1").retrying(2) },
      faults.killEndpoint.after(sleeping("o2")),
    ),
    "Restate is killed while somebody sleeps": scenario(
      { o1: two.reserved, o2: sameLater.after("o1").retrying(3), o3: two.later.after("o2") },
      faults.killServer.after(sleeping("o2")),
    ),
    ...disturbances("permits are granted", two.later, { message: 2 }),
    ...disturbances("permits are taken", two.later, { message: 3, child: 1 }),
  },
});
