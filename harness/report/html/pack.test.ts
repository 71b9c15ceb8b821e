import fc from "fast-check";
import { expect, test } from "vitest";
import { type Interval, pack } from "./pack.ts";

test("intervals that overlap lie side by side, others below each other", () => {
  expect(pack([{ from: 0, to: 3 }, { from: 1, to: 2 }, { from: 3, to: 4 }, { from: 4 }, { from: 9, to: 9 }])).toEqual([
    0, 1, 1, 0, 1,
  ]);
  expect(pack([])).toEqual([]);
});

const interval = fc
  .tuple(fc.nat(40), fc.option(fc.nat(10), { nil: undefined }))
  .map(([from, length]): Interval => (length === undefined ? { from } : { from, to: from + length }));

test("no two in a column overlap, and there are no more columns than intervals at one point", () => {
  const covers = ({ from, to = Number.POSITIVE_INFINITY }: Interval, row: number) => from <= row && row <= to;
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 25 }), (intervals) => {
      const columns = pack(intervals);
      let deepest = 0;
      for (const { from: row } of intervals) {
        const here = columns.filter((_, index) => covers(intervals[index]!, row));
        expect(new Set(here).size).toBe(here.length);
        deepest = Math.max(deepest, here.length);
      }
      expect(Math.max(-1, ...columns) + 1).toBe(deepest);
    }),
  );
});
