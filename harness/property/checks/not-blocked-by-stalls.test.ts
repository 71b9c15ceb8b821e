import fc from "fast-check";
import { expect, test } from "vitest";
import { viewOf } from "../../history/index.ts";
import type { Moment } from "../../plan/index.ts";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { notBlockedByStalls, stallIn } from "./not-blocked-by-stalls.ts";

const run = operation({ args: fc.constant("@j"), request: (key: string) => ({ call: "s/run", idempotencyKey: key }) });
named({ run });
const jobs = groupBy({ of: [run], by: (key) => key });
const check = notBlockedByStalls(jobs, () => 3);
const call = (n: number, when: Moment["when"]): Moment => ({ at: "effect", operation: "o1", call: n, when });

/** The first call stalls; the moments of calls that the run comes to: 2 is the second call, -2 that it was applied. */
function stalled(calls: number[], heal?: Moment, kind = "stall"): Script {
  const script = new Script().invoke("o1", run, "@j").inject("f1", kind, "o1", heal ? { heal } : {});
  for (const n of calls) script.moment(call(Math.abs(n), n > 0 ? "before" : "after"));
  return script;
}

test("all other calls come while one stalls", async () => {
  expect(await complaint(check, stalled([1, 2, 3, -1]).ok("o1").history())).toBeUndefined();
});

test("calls that come only after it waited for it", async () => {
  expect(await complaint(check, stalled([1, 2, -1, 3]).ok("o1").history())).toEqual({
    summary: "Of the 3 external calls of o1, 2 came, among them the one that stalled: the others waited for that.",
    expected: "3 calls, whatever becomes of one",
    seen: "2 calls",
    events: [1],
  });
});

test("nothing is said where the stall was cut short, or something else disturbed the run", async () => {
  expect(await complaint(check, stalled([1, 2, -1, 3], call(2, "before")).ok("o1").history())).toBeUndefined();
  expect(await complaint(check, stalled([1, -1], undefined, "fail-call").ok("o1").history())).toBeUndefined();
  const two = stalled([1, -1]).invoke("o2", run, "@other").inject("f2", "stall", "o2");
  expect(await complaint(check, two.ok("o1").history())).toBeUndefined();
  const cancelled = stalled([1, -1]).about("o2", "cancel", "o1").ok("o2").ok("o1");
  expect(await complaint(check, cancelled.history())).toBeUndefined();
  expect(await complaint(check, new Script().invoke("o1", run, "@j").ok("o1").history())).toBeUndefined();
});

test("how a run stalled", () => {
  const of = (script: Script) => stallIn(jobs, viewOf(script.ok("o1").history()));
  expect(of(stalled([1, 2, -1, 3]))).toMatchObject({ operation: "o1", arrived: 2, stalled: 1, isCutShort: false });
  expect(of(stalled([1, 2, -1], call(2, "before")))).toMatchObject({ isCutShort: true });
  expect(of(new Script().invoke("o1", run, "@j"))).toBeUndefined();
});
