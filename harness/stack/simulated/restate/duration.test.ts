import { expect, test } from "vitest";
import { parseDuration } from "./duration.ts";

test("durations of both forms", () => {
  expect(parseDuration("10ms")).toBe(10);
  expect(parseDuration("1m 30s")).toBe(90_000);
  expect(parseDuration("2h")).toBe(7_200_000);
  expect(parseDuration("PT1.5S")).toBe(1_500);
  expect(parseDuration("P1DT1H")).toBe(90_000_000);
  expect(parseDuration("1x")).toBeUndefined();
  expect(parseDuration("")).toBeUndefined();
});
