import type { Checker } from "../../check/index.ts";
import { type HistoryView, type OperationRecord, viewOf } from "../../history/index.ts";
import type { Group, Groups } from "../group.ts";
import type { AnyKind } from "../kind.ts";
import { type Violation, violation } from "../violation.ts";

/** Permits that were granted at some time of an interval, in milliseconds. */
export interface Grant {
  permits: number;
  from: number;
  to: number;
  one?: OperationRecord<unknown, unknown>;
}

/**
 * In this time one more permit comes in each `permitMs`, and no more than `burst` are granted at once. Where several limits may
 * hold, the highest rate and the largest burst count. There is no time at which none holds.
 */
export interface Limit {
  from: number;
  to: number;
  permitMs: number;
  burst: number;
}

export interface RateLimited<Kinds extends AnyKind> {
  grants(group: Group<Kinds>, view: HistoryView): readonly Grant[];
  limits(group: Group<Kinds>, view: HistoryView): readonly Limit[];
}

/** Services read a clock that ticks in milliseconds, and this one does not. */
const TICK_MS = 1;
/** Far more steps than a search takes for the grants of one case. */
const MOST_STEPS = 20_000;

/**
 * In no window is more granted than the burst and the rate times its length: some time of each grant's interval can be chosen
 * so that all of them come out of one token bucket, full at first. The check is exact: it fails where no choice is right, and
 * only there. A group with so many grants that this takes too long is answered with "unknown".
 */
export const rateLimited =
  <Kinds extends AnyKind>(groups: Groups<Kinds>, { grants, limits }: RateLimited<Kinds>): Checker =>
  (history) => {
    const view = viewOf(history);
    for (const group of groups.in(view)) {
      const limit = limits(group, view);
      const all = grants(group, view).map((one) => ({ ...one, from: one.from - TICK_MS, to: one.to + TICK_MS }));
      const can = canBeGranted(all, limit);
      if (can === undefined) return { verdict: "unknown", reason: `too many orders of ${all.length} grants` };
      if (!can) return { verdict: "invalid", evidence: tooMany(group.key, all, limit) };
    }
    return { verdict: "valid" };
  };

/** @param all what cannot be granted: the evidence is what of it is needed for that */
function tooMany(key: string, all: readonly Grant[], limits: readonly Limit[]): Violation {
  let few = all;
  for (const one of all) {
    const fewer = few.filter((other) => other !== one);
    if (canBeGranted(fewer, limits) === false) few = fewer;
  }
  const permits = few.reduce((sum, one) => sum + one.permits, 0);
  const length = Math.max(...few.map(({ to }) => to)) - Math.min(...few.map(({ from }) => from)) - 2 * TICK_MS;
  return violation(
    `Of ${key}, ${permits} permits were granted within ${Math.ceil(length)} ms, and no choice of moments in between allows that.`,
    { expected: limits.map(({ burst, permitMs }) => `${burst}, and one each ${permitMs} ms`).join("; or ") },
    few.flatMap(({ one }) => one ?? []),
  );
}

/** A bucket as the limits allow: so many permits at a time. */
interface Level {
  at: number;
  permits: number;
}

/**
 * Whether there is a time for each grant in its interval at which it comes out of the bucket. For one order of the grants the
 * earliest times are the best, for whoever takes earlier leaves no less to those who come later. So it is a search for an
 * order: that of the deadlines is tried first, and of the same grants in another order only the fullest buckets are followed.
 * @returns undefined when there are too many of them to tell
 */
export function canBeGranted(grants: readonly Grant[], limits: readonly Limit[]): boolean | undefined {
  const open = grants.toSorted((a, b) => a.to - b.to || a.from - b.from);
  const seen = new Map<string, Level[]>();
  let steps = 0;
  const search = (level: Level, left: readonly Grant[]): boolean => {
    if (left.length === 0) return true;
    if (++steps > MOST_STEPS) return true;
    if (left.some(({ to }) => to < level.at)) return false;
    const name = left.map((one) => open.indexOf(one)).join();
    const known = seen.get(name) ?? [];
    if (known.some((other) => other.at <= level.at && fill(other, level.at, limits).permits >= level.permits))
      return false;
    seen.set(name, [...known, level]);
    return left.some((one, index) => {
      // another with the same claims, or stronger ones, goes first
      const yields = left.slice(0, index).some((other) => other.permits === one.permits && other.from <= one.from);
      const next = yields ? undefined : earliest(level, one, limits);
      return next !== undefined && next.at <= one.to && search(next, left.toSpliced(index, 1));
    });
  };
  const can = search({ at: Number.NEGATIVE_INFINITY, permits: Number.POSITIVE_INFINITY }, open);
  return steps > MOST_STEPS ? undefined : can;
}

/** The bucket when the grant has come out of it, as early as can be; undefined when it never can. */
function earliest(level: Level, { from, permits }: Grant, limits: readonly Limit[]): Level | undefined {
  let now = fill(level, Math.max(level.at, from), limits);
  for (;;) {
    const { limit, until } = limitAt(now.at, limits);
    const missing = Math.max(0, permits - now.permits - 1e-9);
    const at = now.at + missing * limit.permitMs;
    if (permits <= limit.burst && at < until) return { at, permits: fill(now, at, limits).permits - permits };
    if (until === Number.POSITIVE_INFINITY) return undefined;
    now = fill(now, until, limits);
  }
}

/** The bucket, left alone until a time. */
function fill({ at, permits }: Level, until: number, limits: readonly Limit[]): Level {
  for (;;) {
    const { limit, until: end } = limitAt(at, limits);
    const next = Math.min(until, end);
    permits = Math.min(limit.burst, permits + (next - at) / limit.permitMs);
    at = next;
    if (at >= until) return { at, permits: Math.min(limitAt(at, limits).limit.burst, permits) };
  }
}

/** What counts at a time, and until when it does. */
function limitAt(at: number, limits: readonly Limit[]): { limit: Omit<Limit, "from" | "to">; until: number } {
  const some = limits.filter(({ from, to }) => from <= at && at < to);
  const changes = limits.flatMap(({ from, to }) => [from, to]).filter((time) => time > at);
  return {
    limit: {
      permitMs: Math.min(...some.map(({ permitMs }) => permitMs)),
      burst: Math.max(...some.map(({ burst }) => burst)),
    },
    until: Math.min(...changes),
  };
}
