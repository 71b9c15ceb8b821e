import { expect, test } from "vitest";
import { recordOf } from "./testing.ts";
import { textOf, violation } from "./violation.ts";

test("the evidence's events are the places of all that is told, in order, each once, as far as they are places", () => {
  const one = recordOf({ invoked: 4, left: 7 });
  const open = recordOf({ invoked: 2 });
  const entry = { type: "effect", at: 0, system: "s", action: "a", key: "k", index: 5 } as const;
  const told = violation("no", {}, 9, one, [open, one], undefined, entry, {
    injected: 1,
    healed: Number.POSITIVE_INFINITY,
  });
  expect(told.events).toEqual([1, 2, 4, 5, 7, 9]);
  expect(violation("no").events).toEqual([]);
});

test("what was expected and seen are texts; what is not said is left out", () => {
  expect(violation("no", { expected: "yes", seen: { a: 1 } })).toEqual({
    summary: "no",
    expected: "yes",
    seen: '{"a":1}',
    events: [],
  });
  expect(violation("no", { seen: null })).toEqual({ summary: "no", seen: "null", events: [] });
  expect(textOf("a text")).toBe("a text");
});
