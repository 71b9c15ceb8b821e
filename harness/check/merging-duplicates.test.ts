import { expect, test } from "vitest";
import type { History } from "../history/index.ts";
import type { Checker } from "./checker.ts";
import { mergingDuplicates } from "./merging-duplicates.ts";
import { Script } from "./testing.ts";

const same = { call: { service: "product", handler: "reserve", key: "@p1" }, idempotencyKey: "@r1" };
const history = new Script()
  .invoke("o1", same)
  .info("o1")
  .invoke("o2", same)
  .effect("pay", "k")
  .ok("o2", true)
  .history();

test("the check sees one request, and the budget", async () => {
  const seen: unknown[] = [];
  const check: Checker = (merged: History, budget) => {
    seen.push(
      merged.events.map(({ type }) => type),
      budget,
    );
    return { verdict: "valid" };
  };
  expect(await mergingDuplicates(check)(history, { milliseconds: 5 })).toEqual({ verdict: "valid" });
  expect(seen).toEqual([["invoke", "effect", "ok"], { milliseconds: 5 }]);
});

test("evidence points into the whole history", async () => {
  const check: Checker = async () => ({
    verdict: "invalid",
    evidence: { summary: "no", expected: "yes", events: [0, 2], partials: [[0], [0, 1]] },
  });
  expect(await mergingDuplicates(check)(history)).toEqual({
    verdict: "invalid",
    evidence: { summary: "no", expected: "yes", events: [0, 4], partials: [[0], [0, 3]] },
  });
});

test("evidence without partial orders gets none; an index beyond the history is dropped", async () => {
  const check: Checker = () => ({ verdict: "invalid", evidence: { summary: "no", events: [1, 9] } });
  expect(await mergingDuplicates(check)(history)).toEqual({
    verdict: "invalid",
    evidence: { summary: "no", events: [3] },
  });
});

test("what is unknown stays so", async () => {
  const check: Checker = () => ({ verdict: "unknown", reason: "out of time" });
  expect(await mergingDuplicates(check)(history)).toEqual({ verdict: "unknown", reason: "out of time" });
});
