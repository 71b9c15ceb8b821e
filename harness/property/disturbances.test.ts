import fc from "fast-check";
import { expect, test } from "vitest";
import { faultKinds } from "../faults/index.ts";
import { disturbancesBy } from "./disturbances.ts";
import { operation } from "./kind.ts";
import { named } from "./testing.ts";

const work = operation({ args: fc.constant("@w1"), request: (key: string) => ({ call: "worker/work", key }) });
named({ work });
const disturbances = disturbancesBy(faultKinds);
const momentsOf = (where: Parameters<typeof disturbances>[2]) =>
  Object.fromEntries(
    Object.values(disturbances("it is done", work("@w1"), where)).flatMap(({ plan: { operations, faults } }) => {
      expect(operations).toEqual([{ id: "o1", client: "c-o1", kind: "work", args: "@w1" }]);
      expect(faults).toHaveLength(1);
      return faults.map(({ kind, at, heal }) => [kind, { at, ...(heal && { heal }) }]);
    }),
  );
const call = (when: "before" | "after") => ({ at: { at: "effect", operation: "o1", call: 2, when } });
const message = (child = {}) => ({
  at: { at: "message", operation: "o1", ...child, attempt: 1, direction: "to-server", message: 3, when: "after" },
});
const thawed = { heal: { at: "operation", operation: "o1", point: "completion", when: "before" } };

test("an operation is disturbed by every kind of fault, at its external call where that is possible", () => {
  expect(momentsOf({ call: 2, message: 3 })).toEqual({
    "walk-away": call("after"),
    reconnect: call("after"),
    "cut-stream": message(),
    "cut-connection": message(),
    "fail-call": call("before"),
    "lose-answer": call("after"),
    stall: call("before"),
    "answer-late": call("after"),
    "kill-endpoint": call("after"),
    zombie: { ...call("before"), ...thawed },
    "kill-server": call("after"),
  });
});

test("what cannot strike there is left out", () => {
  expect(Object.keys(momentsOf({ call: 2 }))).not.toContain("cut-stream");
  const alone = momentsOf({ message: 3, child: 1 });
  expect(Object.keys(alone)).not.toContain("stall");
  expect(alone["kill-endpoint"]).toEqual(message({ child: 1 }));
  expect(alone.zombie).toEqual({ ...message({ child: 1 }), ...thawed });
  expect(() => momentsOf({})).toThrow(/"it is done" is not disturbed: name an external call, or a message/);
});

test("others take part, and are left alone", () => {
  const plans = Object.values(
    disturbances("it is done again", work("@w1").after("o0"), { call: 1 }, { o0: work("@w1") }),
  ).map(({ plan }) => plan);
  for (const { operations, faults } of plans) {
    expect(operations.map(({ id, after }) => [id, after])).toEqual([
      ["o0", undefined],
      ["o1", ["o0"]],
    ]);
    expect(faults.map(({ at }) => at.operation)).toEqual(["o1"]);
  }
});

test("a new kind of fault joins by itself, and each scenario tells what happens", () => {
  const at = [{ at: "effect", when: "either" }] as const;
  const description = "the earth quakes";
  const quake = { name: "earthquake", description, scope: "world", exclusive: true, untilHealed: false, at } as const;
  expect(Object.keys(disturbancesBy([quake])("it is done", work("@w1"), { call: 1 }))).toEqual([
    "it is done, though the earth quakes",
  ]);
});
