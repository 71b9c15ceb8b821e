import fc from "fast-check";
import { expect, test } from "vitest";
import type { Model } from "../check/model.ts";
import { type RegisterInput, type RegisterOutput, register } from "../check/models/register.ts";
import type { History } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import { operation } from "./kind.ts";
import { linearizable } from "./linearizable.ts";
import { complaint, named, Script } from "./testing.ts";

const request = () => ({ call: "register/do" });
const write = operation<number, Json>({ args: fc.nat(), request });
const read = operation<null, Json>({ args: fc.constant(null), request });
const swap = operation<{ from: number; to: number; key: string }, Json>({
  args: fc.record({ from: fc.nat(), to: fc.nat(), key: fc.string() }),
  request: ({ key }) => ({ call: "register/swap", idempotencyKey: key }),
});
named({ write, read, swap });
const registers = linearizable<Json, RegisterInput, RegisterOutput>(register(0), [
  read.as((): RegisterInput => ({ f: "read" })),
  write.as(({ args }): RegisterInput => ({ f: "write", value: args })),
  swap.as(({ args: { from, to } }): RegisterInput => ({ f: "cas", from, to })),
]);
const verdict = async (history: History) => (await complaint(registers, history)) === undefined;
const script = () => new Script();
const first = { from: 0, to: 1, key: "k" };

test("a read that answers what was overwritten before it began is not linearizable", async () => {
  const stale = script().invoke("a", write, 1).ok("a").invoke("b", write, 2).ok("b").invoke("c", read, null).ok("c", 1);
  expect(await verdict(stale.history())).toBe(false);
});

test("it is when the overwriting write overlaps it, or never answered", async () => {
  const overlaps = script()
    .invoke("a", write, 1)
    .ok("a")
    .invoke("c", read, null)
    .invoke("b", write, 2)
    .ok("b")
    .ok("c", 1);
  expect(await verdict(overlaps.history())).toBe(true);
  const open = script()
    .invoke("a", write, 1)
    .ok("a")
    .invoke("b", write, 2)
    .info("b")
    .invoke("c", read, null)
    .ok("c", 1);
  expect(await verdict(open.history())).toBe(true);
});

test("what is unknown may happen at any later time", async () => {
  const late = script()
    .invoke("b", write, 2)
    .info("b")
    .invoke("c", read, null)
    .ok("c", 0)
    .invoke("d", read, null)
    .ok("d", 2);
  expect(await verdict(late.history())).toBe(true);
});

test("what definitely failed did not happen", async () => {
  const failed = script().invoke("b", write, 2).fail("b").invoke("c", read, null).ok("c", 2);
  expect(await verdict(failed.history())).toBe(false);
});

test("what was terminated or cancelled may have happened, or not", async () => {
  const ended = (answer: number) =>
    script()
      .invoke("b", write, 2)
      .about("t", "terminate", "b")
      .info("b", { code: 409, message: "killed" })
      .ok("t")
      .invoke("c", read, null)
      .ok("c", answer)
      .history();
  expect([await verdict(ended(0)), await verdict(ended(2)), await verdict(ended(3))]).toEqual([true, true, false]);
});

test("what was learned after the fact counts: a lost write that succeeded did take effect", async () => {
  const lost = () =>
    script().invoke("a", swap, first).info("a").invoke("b", swap, { from: 0, to: 2, key: "l" }).ok("b", true);
  expect(await verdict(lost().history())).toBe(true);
  expect(await verdict(lost().learned("a", { value: true }).history())).toBe(false);
  expect(await verdict(lost().learned("a", { value: false }).history())).toBe(true);
});

test("duplicates of one request happen once", async () => {
  const twice = (key: string) =>
    script()
      .invoke("a", swap, first)
      .ok("a", true)
      .invoke("b", swap, { ...first, key })
      .ok("b", true)
      .history();
  expect([await verdict(twice("k")), await verdict(twice("another"))]).toEqual([true, false]);
});

test("kinds and operations that are none of the model's concern are left out", async () => {
  const only = linearizable<Json, RegisterInput, RegisterOutput>(register(0), [
    read.as((): RegisterInput => ({ f: "read" })),
    write.as(({ args }): RegisterInput | undefined => (args < 5 ? { f: "write", value: args } : undefined)),
  ]);
  const history = script().invoke("a", write, 7).ok("a").invoke("b", read, null).ok("b", 0).history();
  expect(await complaint(only, history)).toBeUndefined();
  expect(await verdict(history)).toBe(false);
});

test("a model that throws is named, with the operation", async () => {
  const broken: Model<number, string, Json> = {
    name: "broken",
    init: () => 0,
    step() {
      throw new Error("no such thing");
    },
  };
  const check = linearizable(broken, [read.as(() => "x")]);
  const judged = await check(script().invoke("o1", read, null).ok("o1").history());
  expect(judged).toEqual({ verdict: "unknown", reason: expect.stringMatching(/broken.*no such thing.*o1.*fault/) });
});

test("the evidence is in places of the history's events, other events between them notwithstanding", async () => {
  const stale = script()
    .invoke("x", read, null)
    .ok("x", 0)
    .invoke("a", write, 1)
    .inject("f1", "kill-server", "a")
    .ok("a")
    .invoke("b", write, 2)
    .ok("b")
    .heal("f1")
    .invoke("c", read, null)
    .ok("c", 1);
  const found = await complaint(registers, stale.history());
  expect(found).toMatchObject({ seen: "read() -> 1 (c)", events: [2, 4, 5, 6, 8, 9] });
  for (const one of ["write(1) (a)", "write(2) (b)", "read() -> 1 (c)"]) expect(found?.summary).toContain(one);
});
