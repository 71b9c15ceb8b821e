import { expect, test } from "vitest";
import { IMPOSSIBLE_TASK } from "./index.ts";
import { startWorld, types } from "./testing.ts";

const sand = { task: "sand", reference: "t1" };

test("work is done, under the key of the call", () => {
  const { send, ledger } = startWorld();
  const { status, body } = send("POST /workshop/jobs", { json: sand, key: "k1" });
  expect([status, body]).toEqual([201, { id: "k1" }]);
  expect(ledger).toEqual([
    {
      type: "effect",
      system: "workshop",
      action: "perform",
      key: "k1",
      reference: "t1",
      data: { state: "performed", task: "sand" },
    },
  ]);
});

test("equal work under another key, or under none, is other work", () => {
  const { send, ledger } = startWorld();
  for (const wish of [{ key: "k1" }, { key: "k2" }, {}, {}]) send("POST /workshop/jobs", { json: sand, ...wish });
  expect(types(ledger)).toEqual(["effect", "effect", "effect", "effect"]);
  expect(new Set(ledger.map(({ key }) => key)).size).toBe(4);
});

test("some work cannot be done", () => {
  const { send } = startWorld();
  const { status, entries } = send("POST /workshop/jobs", { json: { task: `${IMPOSSIBLE_TASK}/1` }, key: "k1" });
  expect([status, types(entries)]).toEqual([422, ["refusal"]]);
});
