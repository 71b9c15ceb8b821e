import fc from "fast-check";
import { expect, test } from "vitest";
import { storm } from "../plan/index.ts";
import { faultKind, faultKinds, faultWords } from "./index.ts";

const pay = { call: { service: "payments", handler: "pay", key: "@p1" }, idempotencyKey: "@k1" };
const sample = (alone: boolean) =>
  fc.sample(storm({ kinds: { pay: { request: fc.constant(pay), effects: 2 } } })(faultKinds, alone), {
    seed: 1,
    numRuns: 500,
  });

test("kinds of fault have names of their own, and words for them", () => {
  expect(Object.keys(faultWords)).toHaveLength(faultKinds.length);
  for (const kind of faultKinds) {
    expect(faultKind(kind.name)).toBe(kind);
    expect(kind.says).not.toBe("");
    expect(kind.at).not.toEqual([]);
  }
  expect(() => faultKind("earthquake")).toThrow(/"earthquake"; there are client-walks-away, .*kill-server/);
});

test("in 500 cases every kind is planned often, those that disturb others only where the stack is theirs", () => {
  const [alone, shared] = [sample(true), sample(false)].map((plans) =>
    Map.groupBy(
      plans.flatMap(({ faults }) => faults),
      ({ kind }) => kind,
    ),
  ) as [Map<string, unknown[]>, Map<string, unknown[]>];
  for (const kind of faultKinds) {
    expect(alone.get(kind.name)?.length ?? 0, kind.name).toBeGreaterThan(40);
    if (kind.alone) expect(shared.has(kind.name), kind.name).toBe(false);
    else expect(shared.get(kind.name)?.length ?? 0, kind.name).toBeGreaterThan(40);
  }
});
