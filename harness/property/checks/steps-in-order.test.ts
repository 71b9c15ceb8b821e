import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { stepsInOrder } from "./steps-in-order.ts";

const book = operation({ args: fc.constant("@t"), request: (key: string) => ({ call: "s/book", key }) });
named({ book });
const trips = groupBy({ of: [book], by: (trip) => trip });
const ORDER = ["flights reserve", "cars reserve", "bank charge"];
const check = stepsInOrder(trips, ORDER);
const booked = (...steps: string[]) => {
  const script = new Script().invoke("o1", book, "@t");
  for (const step of steps) script.effect(`${step} k`, { reference: "@t" });
  return script.history();
};

test("of the steps that happen, each comes after all that are before it: every order of any of them", async () => {
  const some = fc.shuffledSubarray(ORDER);
  await fc.assert(
    fc.asyncProperty(some, async (steps) => {
      const isOrdered = steps.every((step, k) => k === 0 || ORDER.indexOf(steps[k - 1] ?? "") < ORDER.indexOf(step));
      expect((await complaint(check, booked(...steps))) === undefined).toBe(isOrdered);
    }),
  );
});

test("what is out of order is told, with all of the steps; a step may come again", async () => {
  expect(await complaint(check, booked("cars reserve", "mail send", "flights reserve"))).toEqual({
    summary: 'Of @t, "flights reserve" happened after "cars reserve".',
    expected: "flights reserve, then cars reserve, then bank charge",
    seen: "cars reserve, then flights reserve",
    events: [1, 3],
  });
  expect(await complaint(check, booked("flights reserve", "flights reserve", "bank charge"))).toBeUndefined();
});

test("steps may be named otherwise", async () => {
  const byAction = stepsInOrder(trips, ["reserve", "charge"], ({ action }) => action);
  expect(await complaint(byAction, booked("bank charge", "cars reserve"))).toBeDefined();
  expect(await complaint(byAction, booked("cars reserve", "flights reserve", "bank charge"))).toBeUndefined();
});
