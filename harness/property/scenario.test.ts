import fc from "fast-check";
import { expect, test } from "vitest";
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
