import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { effectsCarry, fieldOf } from "./effects-carry.ts";

const pay = operation({
  args: fc.record({ payment: fc.constant("@p"), amount: fc.nat() }),
  request: ({ payment, amount }) => ({ call: "s/pay", input: amount, idempotencyKey: payment }),
});
named({ pay });
const payments = groupBy({ of: [pay], by: ({ payment }) => payment });
const check = effectsCarry(payments, ({ action }, { operations }) =>
  action === "charge" ? operations.map(({ args }) => ({ amount: args.amount })) : undefined,
);
const paid = (data: Record<string, string | number>) =>
  new Script()
    .invoke("o1", pay, { payment: "@p", amount: 3 })
    .invoke("o2", pay, { payment: "@p", amount: 4 })
    .effect("bank charge c", { reference: "@p", data });

test("an effect carries the fields that any of its requests asked for, whatever else it carries", async () => {
  expect(await complaint(check, paid({ amount: 3, currency: "EUR" }).history())).toBeUndefined();
  expect(await complaint(check, paid({ amount: 4 }).history())).toBeUndefined();
});

test("anything else is told, with what was asked for", async () => {
  expect(await complaint(check, paid({ amount: 5 }).history())).toEqual({
    summary: "bank: charge for @p carries something else than was asked for.",
    expected: '{"amount":3} or {"amount":4}',
    seen: '{"amount":5}',
    events: [0, 1, 2],
  });
  expect(await complaint(check, paid({}).history())).toMatchObject({ seen: "{}" });
});

test("effects of other actions, of others, and repeats are not judged", async () => {
  const script = paid({ amount: 3 })
    .effect("bank open c", { reference: "@p" })
    .effect("bank charge c", { reference: "@other" })
    .effect("bank charge c", { reference: "@p", type: "repeat" });
  expect(await complaint(check, script.history())).toBeUndefined();
});

test("a field of what is no object is none", () => {
  expect(fieldOf({ a: 1 }, "a")).toBe(1);
  for (const data of [{}, [1], null, "a", undefined]) expect(fieldOf(data, "a")).toBeUndefined();
});
