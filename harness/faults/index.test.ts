import fc from "fast-check";
import { expect, test } from "vitest";
import { type StormKind, storm } from "../plan/index.ts";
import { faultKind, faultKinds, faultLabels } from "./index.ts";

const pay: StormKind = {
  weight: 1,
  args: fc.constant(null),
  routes: ["direct"],
  isIdempotent: () => true,
  interruptions: { attach: 0, cancel: 0, terminate: 0 },
  waits: false,
};
const profiles = { pay: { toEndpoint: 4, toServer: 6, children: 0, effects: 2, webhooks: 1 } };
const sample = (exclusive: boolean) =>
  fc.sample(storm({ kinds: { pay } }, { faults: faultKinds, exclusive, profiles }), { seed: 1, numRuns: 800 });

test("kinds of fault have names of their own, and labels for them", () => {
  expect(Object.keys(faultLabels)).toHaveLength(faultKinds.length);
  for (const kind of faultKinds) {
    expect(faultKind(kind.name)).toBe(kind);
    expect(kind.description).not.toBe("");
    expect(kind.at).not.toEqual([]);
  }
  expect(() => faultKind("earthquake")).toThrow(/"earthquake"; there are walk-away, .*kill-server/);
});

test("in 800 cases every kind is planned often, those that disturb others only where the stack is theirs", () => {
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
