import fc from "fast-check";
import { expect, test } from "vitest";
import { storm } from "../plan/index.ts";
import { faultKind, faultKinds, faultLabels } from "./index.ts";

const pay = { call: { service: "payments", handler: "pay", key: "@p1" }, idempotencyKey: "@k1" };
const sample = (exclusive: boolean) =>
  fc.sample(storm({ kinds: { pay: { request: fc.constant(pay), effects: 2 } } })(faultKinds, exclusive), {
    seed: 1,
    numRuns: 500,
  });

test("kinds of fault have names of their own, and words for them", () => {
  expect(Object.keys(faultLabels)).toHaveLength(faultKinds.length);
  for (const kind of faultKinds) {
    expect(faultKind(kind.name)).toBe(kind);
    expect(kind.description).not.toBe("");
    expect(kind.at).not.toEqual([]);
  }
  expect(() => faultKind("earthquake")).toThrow(/"earthquake"; there are client-walks-away, .*kill-server/);
});

test("in 500 cases every kind is planned often, those that disturb others only where the stack is theirs", () => {
  const [exclusive, shared] = [sample(true), sample(false)].map((plans) =>
    Map.groupBy(
      plans.flatMap(({ faults }) => faults),
      ({ kind }) => kind,
    ),
  ) as [Map<string, unknown[]>, Map<string, unknown[]>];
  for (const kind of faultKinds) {
    expect(exclusive.get(kind.name)?.length ?? 0, kind.name).toBeGreaterThan(40);
    if (kind.exclusive) expect(shared.has(kind.name), kind.name).toBe(false);
    else expect(shared.get(kind.name)?.length ?? 0, kind.name).toBeGreaterThan(40);
  }
});
