import { expect, test } from "vitest";
import type { PropertyProgress, RecordedRun } from "../../record/index.ts";
import { PLAN_FORMAT } from "../saved-plan.ts";
import { verdictOf } from "./verdict.ts";

const record = (more: Partial<PropertyProgress> = {}): PropertyProgress => ({
  type: "property",
  property: "money is conserved",
  pattern: "payments",
  stack: "native",
  verdict: "passed",
  cases: 1,
  operations: 1,
  milliseconds: 1,
  faults: { "cut-stream": { planned: 3, injected: 2 } },
  outcomes: {},
  systems: {},
  scenarios: {},
  invariants: [],
  ...more,
});
const recorded = (...properties: PropertyProgress[]): RecordedRun => ({ properties, unreadable: 0 });
const silent = (stack = "native") => record({ stack, faults: { zombie: { planned: 7, injected: 0 } } });

test.each([
  ["passed", "passed"],
  ["skipped", "passed"],
  ["failed", "failed"],
  ["unknown", "failed"],
  ["vacuous", "failed"],
  ["interrupted", "interrupted"],
  ["running", "interrupted"],
] as const)("a run with a property that %s has %s", (verdict, whole) => {
  expect(verdictOf(recorded(record(), record({ property: "other", verdict })), { full: true }).verdict).toBe(whole);
});

test("a full run fails when a kind of fault never injected, and says which and where", () => {
  const { verdict, complaints } = verdictOf(recorded(record(), silent()), { full: true });
  expect(verdict).toBe("failed");
  expect(complaints).toHaveLength(1);
  for (const word of ["native", "zombie", "7"]) expect(complaints[0]).toContain(word);
});

test("it is enough that it injected in one property; on another stack it must be injected as well", () => {
  const injected = (stack: string) =>
    record({ stack, property: "other", faults: { zombie: { planned: 1, injected: 1 } } });
  expect(verdictOf(recorded(silent(), injected("native")), { full: true }).verdict).toBe("passed");
  expect(verdictOf(recorded(silent(), injected("simulated")), { full: true }).verdict).toBe("failed");
});

test("a run that was narrowed down need not meet every kind of fault", () => {
  expect(verdictOf(recorded(silent()), { full: false })).toEqual({ verdict: "passed", complaints: [] });
});

const saved = {
  format: PLAN_FORMAT as typeof PLAN_FORMAT,
  file: "saved.json",
  property: "gone",
  invariant: "x",
  stack: "native",
  summary: "",
};
const settings: Parameters<typeof verdictOf>[1] = {
  full: false,
  replay: { ...saved, plan: { operations: [], faults: [] } },
};

test("a replay that no stack could run fails, and says why; that one of them could not is no failure", () => {
  const skipped = record({ stack: "simulated", verdict: "skipped", cases: 0, skipped: 1, reason: "it cannot" });
  const { verdict, complaints } = verdictOf(recorded(skipped), settings);
  expect(verdict).toBe("failed");
  expect(complaints.join()).toContain("simulated: it cannot");
  expect(verdictOf(recorded(skipped, record()), settings)).toEqual({ verdict: "passed", complaints: [] });
});

test("a replay of a property that did not run fails, and says so", () => {
  const { verdict, complaints } = verdictOf(recorded(), settings);
  expect(verdict).toBe("failed");
  expect(complaints.join()).toMatch(/REPLAY=saved\.json.*"gone"/);
  expect(verdictOf(recorded(record()), settings).verdict).toBe("passed");
});

test("a choice of invariants that no property of the run has fails it, and lists what there is", () => {
  const some = record({ invariants: ["balance"], unjudged: ["order", "linearizable"] });
  const { verdict, complaints } = verdictOf(recorded(some), { full: true, only: ["balance", "blance"] });
  expect(verdict).toBe("failed");
  expect(complaints.join()).toContain('ONLY=balance,blance: no property has an invariant "blance"');
  expect(complaints.join()).toContain("\n  balance\n  linearizable\n  order");
  expect(verdictOf(recorded(some), { full: true, only: ["balance"] }).verdict).toBe("passed");
  expect(verdictOf(recorded(some), { full: true, skip: ["order"] }).verdict).toBe("passed");
  expect(verdictOf(recorded(some), { full: true, skip: ["luck"] }).complaints.join()).toContain('"luck"');
});
