import fc from "fast-check";
import { expect, test } from "vitest";
import { momentName } from "./moment.ts";
import type { Moment } from "./plan.ts";

const operation = fc.constantFrom("o1", "o2", "o11");
const when = fc.constantFrom("before" as const, "after" as const);
const few = fc.integer({ min: 1, max: 3 });
const moment: fc.Arbitrary<Moment> = fc.oneof(
  fc.record({
    at: fc.constant("operation" as const),
    operation,
    point: fc.constantFrom("invoke" as const, "completion" as const),
    when,
  }),
  fc.record({ at: fc.constant("effect" as const), operation, call: few, when }),
  fc.record(
    {
      at: fc.constant("message" as const),
      operation,
      child: few,
      attempt: few,
      direction: fc.constantFrom("to-endpoint" as const, "to-server" as const),
      message: few,
      when,
    },
    { requiredKeys: ["at", "operation", "attempt", "direction", "message", "when"] },
  ),
);

/** The moment whatever the order of its fields. */
const identity = (one: Moment): string => JSON.stringify(Object.entries(one).sort());

test("two moments have the same name when they are the same, and only then", () => {
  const all = fc.sample(moment, { numRuns: 5000, seed: 1 });
  const moments = new Set(all.map(identity));
  const names = new Set(all.map(momentName));
  const pairs = new Set(all.map((one) => identity(one) + momentName(one)));
  expect(moments.size).toBeGreaterThan(400);
  expect(names.size).toBe(moments.size);
  expect(pairs.size).toBe(moments.size);
});
