import { expect, test } from "vitest";
import { compact, count, cut, duration, plural } from "./format.ts";

test.each([
  [0, "0 ms"],
  [0.417, "0.42 ms"],
  [3.04, "3 ms"],
  [9.96, "10 ms"],
  [999.4, "999 ms"],
  [999.6, "1.0 s"],
  [59_949, "59.9 s"],
  [59_960, "1 min 00 s"],
  [125_000, "2 min 05 s"],
  [3_599_600, "1 h 00 min"],
  [3_720_000, "1 h 02 min"],
])("%d ms is told as %s", (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});

test("numbers, plurals and cuts", () => {
  expect(count(1234567)).toBe("1,234,567");
  expect([0, 1, 2].map((n) => plural(n, "fault"))).toEqual(["0 faults", "1 fault", "2 faults"]);
  expect(plural(2, "property", "properties")).toBe("2 properties");
  expect(cut("abcdef", 6)).toBe("abcdef");
  expect(cut("abcdefg", 6)).toBe("abcde…");
  expect(compact({ a: [1, null] })).toBe('{"a":[1,null]}');
  expect(compact(undefined)).toBe("nothing");
});
