import { expect, test } from "vitest";
import type { Capability, InvocationStatus, Stack } from "../stack/index.ts";
import { Quiescence } from "./quiescence.ts";
import { makeTag } from "./tag.ts";

const tag = makeTag(Math.random);
const other = makeTag(Math.random);

const status = (id: string, more: Partial<InvocationStatus> = {}): InvocationStatus => ({
  id,
  service: "payments",
  handler: "pay",
  status: "running",
  ...more,
});

/** A stack that shows one view after the other, and the last one for ever; its clock moves by looking. */
function make(views: InvocationStatus[][], capabilities: readonly Capability[] = ["virtual-time"]) {
  let looks = 0;
  let now = 0;
  const stack = {
    capabilities: new Set(capabilities),
    clock: {
      now: () => now,
      sleep: async (milliseconds: number) => {
        now += milliseconds;
      },
    },
    probe: { unfinished: async () => views[Math.min(looks++, views.length - 1)]! },
  } as unknown as Stack;
  const quiescence = new Quiescence(stack);
  const known = new Set<string>();
  const reached = (options: { underWay?: () => string[]; looksAtMost?: number; tag?: string } = {}) =>
    quiescence.reached(
      options.tag ?? tag,
      () => known,
      options.underWay ?? (() => []),
      () => looks >= (options.looksAtMost ?? 20),
    );
  return { reached, known, looks: () => looks };
}

test("quiet is what is quiet twice in a row", async () => {
  const { reached, looks } = make([
    [status("i1", { key: `${tag}p1` })],
    [],
    // between a call and its child there is a moment without either
    [status("i2", { key: `${tag}p1` })],
    [],
    [],
  ]);
  expect(await reached()).toEqual([]);
  expect(looks()).toBe(5);
});

test("on a real stack such a moment lasts: quiet is what is quiet four times in a row", async () => {
  const { reached, looks } = make([[], [], [], [status("i2", { key: `${tag}p1` })], []], []);
  expect(await reached()).toEqual([]);
  expect(looks()).toBe(8);
});

test("invocations of other cases do not count, invocations that work for this one do", async () => {
  const busy = [status("i1", { key: `${other}p1` }), status("i2", { key: "global" }), status("i3")];
  expect(await make([busy]).reached()).toEqual([]);
  const named = status("i4", { idempotencyKey: `${tag}k1`, status: "scheduled", due: 500 });
  expect(await make([[...busy, named]]).reached()).toEqual(["payments/pay is scheduled"]);
  const mine = make([busy]);
  mine.known.add("i3");
  expect(await mine.reached()).toEqual(["payments/pay is running"]);
});

test("what else is under way counts as unfinished, and is named", async () => {
  const calls = make([[]]);
  expect(await calls.reached({ underWay: () => (calls.looks() > 3 ? [] : ["a call is in flight"]) })).toEqual([]);
  expect(calls.looks()).toBe(5);
  expect(await make([[]]).reached({ underWay: () => ["a call is in flight"] })).toEqual(["a call is in flight"]);
});

test("what is due beyond the horizon does not count, what is due soon does", async () => {
  const due = (milliseconds: number) => [status("i1", { key: `${tag}p1`, status: "scheduled", due: milliseconds })];
  expect(await make([due(60_000)]).reached()).toEqual([]);
  expect(await make([due(5_000)]).reached()).toEqual([`payments/${tag}p1/pay is scheduled`]);
});

test.each(["paused", "backing-off", "suspended"] as const)(
  "what is %s is unfinished, and the first line of its failure says why",
  async (state) => {
    const view = [status("i1", { key: `${tag}p1`, status: state, failure: "no such state\n  at x.ts:1" })];
    expect(await make([view]).reached({ looksAtMost: 3 })).toEqual([
      `payments/${tag}p1/pay is ${state}: no such state`,
    ]);
  },
);

test("cases that wait at the same time share their looks", async () => {
  const { reached, looks } = make([[]]);
  await Promise.all([reached(), reached({ tag: other }), reached()]);
  expect(looks()).toBe(2);
});
