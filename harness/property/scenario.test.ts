import fc from "fast-check";
import { expect, test } from "vitest";
import { Script } from "../check/testing.ts";
import { viewOf } from "../history/index.ts";
import { oneByOne, operation, scenario } from "./index.ts";
import { invoked } from "./point.ts";

test("operations one by one wait for each other, unless they say otherwise", () => {
  const reserve = operation({
    args: fc.constant({ product: "@p1" }),
    request: ({ product }) => ({ call: "product/reserve", key: product }),
  });
  const one = reserve({ product: "@p1" });
  const { operations } = scenario(oneByOne(one, one, one.before(invoked("o2")), one.after("o1"), one)).plan;
  expect(operations.map(({ id, after, at }) => [id, after ?? at?.at])).toEqual([
    ["o1", undefined],
    ["o2", ["o1"]],
    ["o3", "operation"],
    ["o4", ["o1"]],
    ["o5", ["o4"]],
  ]);
});

test("a scenario is reached when its operations ended as it says: they succeeded, or were refused with a code", () => {
  const ask = operation({ args: fc.constant(null), request: () => ({ call: "things/ask" }) });
  ask.definition.name = "ask";
  const script = () => new Script().invoke("o1", { kind: "ask" }).invoke("o2", { kind: "ask" });
  const reached = scenario(oneByOne(ask(null).refusedWith(404), ask(null)));
  expect(reached.isReached(viewOf(script().fail("o1", 404).ok("o2").history()))).toBe(true);
  expect(reached.isReached(viewOf(script().fail("o1", 422).ok("o2").history()))).toBe(false);
  expect(reached.isReached(viewOf(script().ok("o1").ok("o2").history()))).toBe(false);
  expect(reached.isReached(viewOf(script().fail("o1", 404).info("o2").history()))).toBe(false);
});
