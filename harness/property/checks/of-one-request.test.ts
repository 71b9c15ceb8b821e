import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { ofOneRequest } from "./of-one-request.ts";

const order = operation({
  args: fc.record({ meal: fc.constant("@m"), key: fc.string() }),
  request: ({ meal, key }) => ({ call: "s/order", key: meal, ...(key && { idempotencyKey: key }) }),
});
named({ order });
const check = ofOneRequest(groupBy({ of: [order], by: ({ meal }) => meal }), ({ action }) =>
  action === "look" ? undefined : action,
);
/** Two orders of a meal, with these keys, and what was done for them. */
const done = (keys: [string, string], ...steps: [action: string, operation?: string][]) => {
  const script = new Script();
  for (const [place, key] of keys.entries()) script.invoke(`o${place + 1}`, order, { meal: "@m", key });
  for (const [action, operation] of steps)
    script.effect(`kitchen ${action} k`, { reference: "@m", ...(operation && { operation }) });
  return complaint(check, script.history());
};

test("one thing is done for one of two requests", async () => {
  expect(await done(["", ""], ["cook", "o1"], ["cook", "o1"], ["serve", "o2"])).toBeUndefined();
  expect(await done(["", ""], ["cook", "o1"], ["serve", "o1"], ["cook", "o2"])).toEqual({
    summary: "cook was taken care of twice: for o1, and for o2.",
    expected: "one of them finds that it is taken care of",
    events: [2, 4],
  });
});

test("duplicates are one request; what is none of this, or nobody's, says nothing", async () => {
  expect(await done(["@k", "@k"], ["cook", "o1"], ["cook", "o2"])).toBeUndefined();
  expect(await done(["", ""], ["look", "o1"], ["look", "o2"])).toBeUndefined();
  expect(await done(["", ""], ["cook", "o1"], ["cook"])).toBeUndefined();
});
