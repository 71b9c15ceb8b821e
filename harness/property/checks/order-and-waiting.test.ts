import fc from "fast-check";
import { expect, test } from "vitest";
import { Script } from "../../check/testing.ts";
import type { History } from "../../history/index.ts";
import { viewOf } from "../../history/index.ts";
import { KindDefinition } from "../definition.ts";
import { groupBy } from "../group.ts";
import { kindOf } from "../kind.ts";
import { inTurn } from "./in-turn.ts";
import { notBlockedByOthers, someGoesOn } from "./not-blocked-by-others.ts";
import { nothingAfterCompletion } from "./nothing-after-completion.ts";

const definition = new KindDefinition({
  args: fc.record({ thing: fc.constantFrom("a", "b") }),
  request: ({ thing }) => ({ call: "things/do", key: thing }),
});
definition.name = "do";
const things = groupBy({ of: [kindOf(definition)], by: ({ thing }) => thing, effectsBy: ({ key }) => key });
const on = (thing: string) => ({ kind: "do", args: { thing } });

test("steps must follow each other as they may", async () => {
  const check = inTurn(things, {
    step: ({ action }) => (action === "look" ? undefined : action),
    mayFollow: (step, previous) => (step === "open" ? previous !== "open" : previous === "open"),
    expected: "open and shut in turn",
  });
  const script = () => new Script().invoke("o1", on("a")).effect("open", "a").effect("look", "a");
  expect(await check(script().effect("shut", "a").history())).toEqual({ verdict: "valid" });
  expect(await check(script().effect("open", "b").history())).toEqual({ verdict: "valid" });
  expect(await check(script().effect("open", "a").history())).toMatchObject({
    verdict: "invalid",
    evidence: { expected: "open and shut in turn", events: [1, 3] },
  });
  expect(await check(new Script().invoke("o1", on("a")).effect("shut", "a").history())).toMatchObject({
    evidence: { events: [1] },
  });
});

test("nothing happens after an answer, but to one that walked away or was terminated", async () => {
  const check = nothingAfterCompletion(things);
  const late = (script: Script) => script.effect("open", "a").history();
  const script = () => new Script().invoke("o1", on("a"));
  expect(await check(late(script().ok("o1")))).toMatchObject({ verdict: "invalid" });
  expect(await check(late(script().fail("o1")))).toMatchObject({ verdict: "invalid" });
  expect(await check(late(script().info("o1")))).toEqual({ verdict: "valid" });
  // that it had failed is learned after the fact
  const learned = late(script().info("o1"));
  learned.events.push({ type: "learned", at: 9, operation: "o1", outcome: { code: 422, message: "refused" } });
  expect(await check(learned)).toEqual({ verdict: "valid" });
  // a cancelled one heard that it was cancelled
  const cancelled = script().invoke("o2", { kind: "cancel", of: "o1" }).ok("o2").history();
  cancelled.events.push({
    type: "info",
    at: 3,
    operation: "o1",
    reason: "cancelled",
    error: { code: 409, message: "" },
  });
  cancelled.events.push({ type: "effect", at: 4, system: "world", action: "open", key: "a" });
  expect(await check(cancelled)).toMatchObject({ verdict: "invalid" });
  const terminated = script().invoke("o2", { kind: "terminate", of: "o1" }).ok("o2").fail("o1");
  expect(await check(late(terminated))).toEqual({ verdict: "valid" });
});

/** A call of o1, about a, is held; o2 is about b. */
function held(between: (script: Script) => Script, after: (script: Script) => Script): History {
  const script = new Script().invoke("o1", on("a"));
  const fault = { fault: "f1", kind: "stall" };
  const history = between(script.invoke("o2", on("b"))).history();
  history.plan.faults.push({ id: "f1", kind: "stall", at: { at: "effect", operation: "o1", call: 1, when: "before" } });
  history.events.splice(1, 0, { type: "fault", at: 0, phase: "injected", ...fault });
  history.events.push({ type: "recovery", at: 200 }, { type: "fault", at: 200, phase: "healed", ...fault });
  after(script.at(201));
  return history;
}

test("while a call about one thing is held, others go on", async () => {
  const check = notBlockedByOthers(things);
  const isSeen = (history: History) => someGoesOn(things)(viewOf(history));
  const goesOn = held(
    (script) => script.effect("open", "b").ok("o2"),
    (script) => script.ok("o1"),
  );
  expect(await check(goesOn)).toEqual({ verdict: "valid" });
  expect(isSeen(goesOn)).toBe(true);
  const waits = held(
    (script) => script,
    (script) => script.ok("o1").effect("open", "b").ok("o2"),
  );
  expect(await check(waits)).toMatchObject({ verdict: "invalid", evidence: { events: [1, 2, 4, 7] } });
  expect(isSeen(waits)).toBe(false);
  // where a run stood still before, it is not known why it does now
  const standsStill = held(
    (script) => script.at(110).effect("open", "a"),
    (script) => script.ok("o1").ok("o2"),
  );
  expect(await check(standsStill)).toEqual({ verdict: "valid" });
});
