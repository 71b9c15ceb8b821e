import fc from "fast-check";
import { expect, test } from "vitest";
import { timeScale } from "./time-scale.ts";

test("a long silence is folded and labelled, all else is to scale", () => {
  const { places, folds } = timeScale([0, 10, 20, 30, 5030, 5040, 5060]);
  const steps = places.slice(1).map((place, index) => place - places[index]!);
  expect(folds).toEqual([{ from: places[3], to: places[4], milliseconds: 5000 }]);
  expect(steps[1]).toBeCloseTo(steps[0]!, 3);
  expect(steps[5]! / steps[4]!).toBeCloseTo(2, 3);
  expect(steps[3]).toBeLessThan(100);
});

test("ticks stand at round times, and after a fold", () => {
  const { ticks, places } = timeScale([0, 10, 20, 30, 5030, 5040, 5060]);
  expect(ticks).toContainEqual({ place: places[4], at: 5030 });
  for (const { at } of ticks) expect(at % 10).toBe(0);
});

test("any times: places go down, keep apart, and stay within the height", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }), (times) => {
      const { places, height, folds, ticks } = timeScale(times);
      expect(places).toHaveLength(times.length);
      for (let index = 1; index < places.length; index++) {
        expect(places[index]! - places[index - 1]!).toBeGreaterThanOrEqual(2 - 1e-9);
      }
      for (const { place } of ticks) expect(place).toBeLessThanOrEqual(height);
      for (const { from, to } of folds) expect(to).toBeGreaterThan(from);
      expect(height).toBeGreaterThan(places.at(-1)!);
      expect(height).toBeLessThan(500 + times.length * 90);
      expect(ticks.length).toBeLessThan(20 + times.length * 3);
    }),
  );
});

test("all at one instant, or nothing at all", () => {
  expect(timeScale([5, 5, 5]).places).toEqual([12, 14, 16]);
  expect(timeScale([])).toMatchObject({ places: [], folds: [], ticks: [] });
});
