import { expect, test } from "vitest";
import { chance, namedBytes, randomStream } from "./chance.ts";

test("choices are fixed by seed and name, and spread evenly", () => {
  expect(chance(1, "a")).toBe(chance(1, "a"));
  expect(chance(1, "a")).not.toBe(chance(2, "a"));
  const buckets = new Array(10).fill(0);
  for (let i = 0; i < 10_000; i++) buckets[Math.floor(chance(7, `o${i}#1 up`) * 10)]++;
  for (const count of buckets) expect(count).toBeGreaterThan(850);
});

test("ids of different names differ", () => {
  const ids = new Set(Array.from({ length: 10_000 }, (_, i) => namedBytes(`new o${i}`, 16).toString("hex")));
  expect(ids.size).toBe(10_000);
});

test("a random stream is endless, even, and the same for the same seed", () => {
  const [a, b] = [randomStream(3), randomStream(3)];
  let sum = 0;
  for (let i = 0; i < 1000; i++) {
    const drawn = a();
    expect(drawn).toBe(b());
    sum += drawn;
  }
  expect(sum / 1000).toBeCloseTo(0.5, 1);
});
