import fc from "fast-check";
import { expect, test } from "vitest";
import { seeded } from "../../check/simulate.ts";
import { Script } from "../../check/testing.ts";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { ackedIsNeverLost } from "./acked-is-never-lost.ts";
import { effectsOnce } from "./effects-once.ts";
import { failsForAReason } from "./fails-for-a-reason.ts";
import { notBefore } from "./not-before.ts";

const act = operation({
  args: fc.record({ thing: fc.constantFrom("a", "b"), delay: fc.nat() }),
  request: ({ thing, delay }) => ({ call: "things/do", key: thing, send: { delayMs: delay } }),
  oneWay: true,
});
act.definition.name = "do";
const things = groupBy({
  of: [act],
  by: ({ thing }) => thing,
  effectsBy: ({ key }) => key,
  failsWith: ({ ledger }) => ({ 422: ledger.some(({ type }) => type === "refusal"), 500: false }),
});
const on = (thing: string, delay = 0) => ({ kind: "do", args: { thing, delay } });

test("what was accepted is done, refused, or interrupted", async () => {
  const check = ackedIsNeverLost(things);
  const script = () => new Script().invoke("o1", on("a"));
  const lost = { verdict: "invalid", evidence: { events: [0, 1] } };
  expect(await check(script().ok("o1").history())).toMatchObject(lost);
  expect(await check(script().ok("o1").effect("open", "b").history())).toMatchObject(lost);
  expect(await check(script().ok("o1").effect("open", "a").history())).toEqual({ verdict: "valid" });
  expect(await check(script().ok("o1").effect("open", "a", { type: "refusal" }).history())).toEqual({
    verdict: "valid",
  });
  expect(await check(script().ok("o1").effect("open", "a", { type: "lapse" }).history())).toMatchObject(lost);
  expect(await check(script().info("o1").history())).toEqual({ verdict: "valid" });
  expect(await check(script().fail("o1").history())).toEqual({ verdict: "valid" });
  const cancelled = script().ok("o1").invoke("o2", { kind: "cancel", of: "o1" }).ok("o2").history();
  expect(await check(cancelled)).toEqual({ verdict: "valid" });
  const choosy = ackedIsNeverLost(things, { isAck: ({ args }) => args.delay > 0, isSettled: () => false });
  expect(await choosy(script().ok("o1").history())).toEqual({ verdict: "valid" });
  expect(await choosy(new Script().invoke("o1", on("a", 1)).ok("o1").effect("open", "a").history())).toMatchObject(
    lost,
  );
});

test("what begins when the first of those who asked allows it is in time; earlier it is not", async () => {
  const check = notBefore(things, { dueAfter: ({ args }) => args.delay });
  const random = seeded(91);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 4_000; k++) {
    const script = new Script();
    const allowed: { thing: string; due: number }[] = [];
    for (let o = 0; o < 4; o++) {
      const [thing, at, delay] = [random(2) > 0 ? "a" : "b", 20 * o, 10 * random(12)];
      script.at(at).invoke(`o${o}`, on(thing, delay));
      if (random(3) > 0) script.info(`o${o}`);
      allowed.push({ thing, due: at + delay });
    }
    const at = 80 + random(80);
    // the definition: some operation allows it, a clock's tick forgiven; what nobody asked for is another check's concern
    const times = allowed.filter(({ thing }) => thing === "a");
    const expected = times.length === 0 || times.some(({ due }) => at >= due - 5) ? "valid" : "invalid";
    expect((await check(script.at(at).effect("open", "a").history())).verdict).toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(200);
});

test("an invocation that begins early is early as well, and the evidence says by how much", async () => {
  const check = notBefore(things, { dueAfter: ({ args }) => args.delay });
  const history = new Script().at(10).invoke("o1", on("a", 50)).history();
  history.events.push({
    type: "attempt",
    at: 40,
    operation: "o1",
    invocation: "inv-1",
    target: "things/do",
    attempt: 1,
    phase: "started",
  });
  expect(await check(history)).toMatchObject({
    evidence: { summary: "a began 20 ms too early.", expected: "from 60 ms on", seen: "at 40 ms", events: [0, 1] },
  });
  const other = notBefore(things, {
    dueAfter: ({ args }) => args.delay,
    isConcerned: ({ action }) => action === "shut",
  });
  const script = new Script().at(10).invoke("o1", on("a", 50)).at(40);
  expect(await other(script.effect("open", "a").history())).toEqual({ verdict: "valid" });
  expect(await other(script.effect("shut", "a").history())).toMatchObject({ verdict: "invalid" });
  expect(await notBefore(things, { dueAfter: () => undefined })(script.history())).toEqual({ verdict: "valid" });
});

test("one effect for each thing, when nothing else is said", async () => {
  const check = effectsOnce(things, { isDue: () => false });
  const script = new Script().invoke("o1", on("a")).ok("o1");
  expect(await check(script.history())).toEqual({ verdict: "valid" });
  expect(await check(script.effect("open", "a").history())).toEqual({ verdict: "valid" });
  expect(await check(script.effect("open", "a").history())).toMatchObject({ verdict: "invalid" });
});

test("a reason that a group gives excuses the invocation of a one-way operation, and not its refusal", async () => {
  const check = failsForAReason(new Map([["do", act.definition]]));
  const attached = (code: number) =>
    new Script()
      .invoke("o1", on("a"))
      .ok("o1", null, "inv-1")
      .invoke("o2", { kind: "attach", of: "o1" })
      .fail("o2", code);
  const refused = { type: "refusal" } as const;
  expect(await check(attached(422).effect("open", "a", refused).history())).toEqual({ verdict: "valid" });
  expect(await check(attached(500).effect("open", "a", refused).history())).toMatchObject({ verdict: "invalid" });
  expect(await check(attached(422).effect("open", "b", refused).history())).toMatchObject({ verdict: "invalid" });
  const own = new Script().invoke("o1", on("a")).fail("o1", 422).effect("open", "a", refused).history();
  expect(await check(own)).toMatchObject({ verdict: "invalid" });
});
