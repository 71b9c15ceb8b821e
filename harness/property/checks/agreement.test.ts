import fc from "fast-check";
import { expect, test } from "vitest";
import type { Observed } from "../../check/model.ts";
import { type WriteOnceInput, type WriteOnceOutput, writeOnce } from "../../check/models/write-once.ts";
import { type Random, seeded, simulate } from "../../check/simulate.ts";
import { isLinearizable } from "../../check/testing.ts";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { agreement } from "./agreement.ts";

const args = fc.constant("@x");
const request = (thing: string) => ({ call: "things/ask", key: thing });
const [write, read] = [
  operation<string, number | null>({ args, request }),
  operation<string, number | null>({ args, request }),
];
named({ write, read });
const things = groupBy({ of: [write, read], by: (thing) => thing });
const agreed = agreement(things, ({ result }) => result);

const input = (random: Random): WriteOnceInput => (random(2) === 0 ? { f: "read" } : { f: "write", value: random(3) });
function respond(state: { value: number } | null, asked: WriteOnceInput) {
  const next = asked.f === "write" && state === null ? { value: asked.value as number } : state;
  return { state: next, output: (next ?? "none") as WriteOnceOutput };
}
function written(operations: readonly Observed<WriteOnceInput, WriteOnceOutput>[]) {
  const script = new Script();
  const moments = operations.flatMap(({ input: asked, output, call, return: end }, k) => [
    { at: call, add: () => script.invoke(`o${k}`, asked.f === "write" ? write : read, "@x") },
    {
      at: end ?? 1e6,
      add: () =>
        end === undefined
          ? script.info(`o${k}`)
          : script.ok(`o${k}`, typeof output === "object" ? (output.value as number) : null),
    },
  ]);
  for (const { add } of moments.sort((a, b) => a.at - b.at)) add();
  return script.history();
}

test("what a write-once register answers is agreed upon; what is not agreed upon, no such register answers", async () => {
  const random = seeded(51);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 1_000; k++) {
    const operations = simulate({ init: () => null, respond, input, clients: 3, operations: 6, lost: 150 }, random);
    expect(await complaint(agreed, written(operations))).toBeUndefined();
    const answered = operations.filter((one) => one.return !== undefined);
    const one = answered[random(answered.length)];
    if (one === undefined) continue;
    one.output = random(3) === 0 && one.input.f === "read" ? "none" : { value: random(4) };
    const isLinear = isLinearizable(writeOnce, operations);
    const found = await complaint(agreed, written(operations));
    // it says less than the register: who offered what, and when, is not its concern
    if (found) expect(isLinear).toBe(false);
    counted[found ? "invalid" : "valid"]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(200);
});

test("the evidence names who was told what, and where", async () => {
  const two = new Script().invoke("o1", write, "@x").ok("o1", 1).invoke("o2", read, "@x").ok("o2", 2);
  expect(await complaint(agreed, two.history())).toEqual({
    summary: "o1 (write) was told that @x is 1, and o2 (read) was told 2.",
    expected: "1",
    seen: "2",
    events: [0, 1, 2, 3],
  });
  const none = new Script().invoke("o1", write, "@x").ok("o1", 1).invoke("o2", read, "@x").ok("o2", null);
  expect(await complaint(agreed, none.history())).toMatchObject({
    summary: "o1 (write) was told that @x is 1, and o2 (read) was told that there is none.",
    seen: "no value",
  });
});

test("whoever asked before anybody knew may hear that there is none; other things have other values", async () => {
  const script = new Script()
    .invoke("o1", read, "@x")
    .invoke("o2", write, "@x")
    .ok("o2", 1)
    .ok("o1", null)
    .invoke("o3", read, "@y")
    .ok("o3", 2);
  expect(await complaint(agreed, script.history())).toBeUndefined();
});
