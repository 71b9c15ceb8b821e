import { expect, test } from "vitest";
import type { Json } from "../plan/index.ts";
import { judge } from "./judge.ts";
import type { Model } from "./model.ts";
import { mutex } from "./models/mutex.ts";
import { type RegisterInput, register } from "./models/register.ts";
import { text } from "./models/text.ts";

/** Name, when it was invoked and answered (never: null), input, output. */
type Line<Input, Output> = [name: string, call: number, end: number | null, input: Input, output?: Output];

async function evidenceOf<State, Input, Output>(model: Model<State, Input, Output>, ...lines: Line<Input, Output>[]) {
  const recorded = lines.map(([name, call, end, input, output]) => ({
    name,
    observed: { input, output, call, return: end ?? undefined },
    invoke: call,
    completion: end ?? undefined,
  }));
  const verdict = await judge(model, recorded, {});
  return verdict.verdict === "invalid" ? verdict.evidence : expect.unreachable(verdict.verdict);
}

const write = (value: Json): RegisterInput => ({ f: "write", value });
const read: RegisterInput = { f: "read" };

test("it names the operation that has no place, what every order leaves, and what overlaps what", async () => {
  const { summary } = await evidenceOf<Json, RegisterInput, Json>(
    register(0),
    ["o1", 0, 1, write(1), null],
    ["o2", 2, 5, write(2), null],
    ["o3", 3, 6, write(3), null],
    ["o4", 7, 9, read, 1],
    ["o5", 8, 10, read, 2],
  );
  expect(summary).toBe(
    "read() -> 1 (o4) has no place in any order. After every order that fits the answers before it, the register holds 2 or 3. It overlaps read() -> 2 (o5). Whatever became of all others, these 3 operations are enough to show it: write(1) (o1); then write(2) (o2); then read() -> 1 (o4).",
  );
});

test("it tells of what never answered, and what overlaps within the contradiction", async () => {
  const evidence = await evidenceOf<Json, RegisterInput, Json>(
    register(0),
    ["o1", 0, null, write(1)],
    ["o2", 1, 4, write(2), null],
    ["o3", 2, 5, read, 2],
    ["o4", 6, 7, read, 0],
  );
  expect(evidence.summary).toMatch(
    /^read\(\) -> 0 \(o4\) has no place in any order\. After every order that fits the answers before it, the register holds [12] or [12]\. It overlaps nothing\. One operation before it never answered \(-> \?\), and may have taken effect at any time since, or never\./,
  );
  expect(evidence.seen).toBe("read() -> 0 (o4)");
  const together = await evidenceOf<Json, RegisterInput, Json>(
    register(0),
    ["o1", 0, 4, read, 1],
    ["o2", 1, 5, read, 1],
  );
  expect(together.summary).toMatch(
    /^read\(\) -> 1 \(o1\) has no place in any order\. At that time the register holds 0\./,
  );
  expect(together.summary).toMatch(/It overlaps read\(\) -> 1 \(o2\)\. Nothing that was asked before explains it\.$/);
});

test("states that have no words in common are told one by one, and not too many", async () => {
  const lock = await evidenceOf(mutex, ["a", 0, 1, "acquire", null], ["b", 2, 3, "acquire", null]);
  expect(lock.summary).toMatch(
    /^acquire\(\) \(b\) has no place in any order\. .* the lock is held\. It overlaps nothing\./,
  );
  const appends = ["a", "b", "c"].map(
    (value): Line<{ f: "append"; value: string } | { f: "get" }, string> => [value, 0, 1, { f: "append", value }, ""],
  );
  const { summary } = await evidenceOf(text, ...appends, ["get", 2, 3, { f: "get" }, "abcd"]);
  expect(summary).toMatch(/the value is "\w{3}", "\w{3}", "\w{3}", "\w{3}" or one of 2 others\./);
});

test("of a contradiction that is long only its extent is told; its events are listed", async () => {
  const writes = Array.from(
    { length: 9 },
    (_, k): Line<RegisterInput, Json> => [`w${k}`, 2 * k, 2 * k + 1, { f: "cas", from: k, to: k + 1 }, true],
  );
  const { summary, events } = await evidenceOf<Json, RegisterInput, Json>(register(0), ...writes, [
    "again",
    20,
    21,
    { f: "cas", from: 0, to: 1 },
    true,
  ]);
  expect(summary).toMatch(/the register holds 9\./);
  expect(summary.length).toBeLessThan(600);
  expect(events.length).toBeGreaterThan(2);
});
