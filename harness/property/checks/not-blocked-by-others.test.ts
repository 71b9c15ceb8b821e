import fc from "fast-check";
import { expect, test } from "vitest";
import { viewOf } from "../../history/index.ts";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { notBlockedByOthers, someGoesOn } from "./not-blocked-by-others.ts";

const work = operation({ args: fc.constantFrom("@a", "@b"), request: (key: string) => ({ call: "s/work", key }) });
named({ work });
const jobs = groupBy({ of: [work], by: (key) => key });
const check = notBlockedByOthers(jobs);
/** A call about @a is held; @b is asked for as well. */
const held = (kind = "stall") =>
  new Script().invoke("o1", work, "@a").invoke("o2", work, "@b").inject("f1", kind, "o1");

test("whoever waits until the call about another thing is released was blocked by it", async () => {
  expect(await complaint(check, held().heal("f1").ok("o1").ok("o2").history())).toEqual({
    summary: "o2 (work) got nowhere with @b while a call about @a was held up.",
    expected: "neither waits for the other",
    seen: "it went on only when the other did",
    events: [1, 2, 3, 5],
  });
  expect(await complaint(check, held("answer-late").heal("f1").ok("o1").ok("o2").history())).toBeDefined();
});

test("whoever has its answer by then was not, nor was one that came later", async () => {
  expect(await complaint(check, held().ok("o2").heal("f1").ok("o1").history())).toBeUndefined();
  const later = held().ok("o2").heal("f1").invoke("o3", work, "@b").ok("o3").ok("o1");
  expect(await complaint(check, later.history())).toBeUndefined();
});

test("nothing is said where something else may have held it up", async () => {
  const killed = held().inject("f2", "kill-endpoint", "o2").heal("f1").ok("o1").ok("o2");
  expect(await complaint(check, killed.history())).toBeUndefined();
  const alsoHeld = held().inject("f2", "stall", "o2").heal("f1").heal("f2").ok("o1").ok("o2");
  expect(await complaint(check, alsoHeld.history())).toBeUndefined();
  expect(await complaint(check, held("lose-answer").heal("f1").ok("o1").ok("o2").history())).toBeUndefined();
  // the run had stood still before that: the plan's end of the hold may have come while the other was on its way
  const stood = held().at(500).effect("w work k").heal("f1").ok("o1").ok("o2");
  expect(await complaint(check, stood.history())).toBeUndefined();
});

test("a hold that ends with something of its own is too short to tell", async () => {
  const until = (operationId: string) => ({
    heal: { at: "operation", operation: operationId, point: "completion", when: "before" } as const,
  });
  const script = (of: string) =>
    new Script()
      .invoke("o1", work, "@a")
      .invoke("o2", work, "@b")
      .inject("f1", "stall", "o1", until(of))
      .heal("f1")
      .ok("o1")
      .ok("o2")
      .history();
  expect(await complaint(check, script("o1"))).toBeUndefined();
  expect(await complaint(check, script("o9"))).toBeDefined();
});

test("a scenario sees that something went on meanwhile", () => {
  const effect = { reference: "@b" };
  const during = held().effect("w work k", effect).heal("f1").ok("o1").ok("o2");
  expect(someGoesOn(jobs)(viewOf(during.history()))).toBe(true);
  expect(someGoesOn(jobs, ({ action }) => action === "rest")(viewOf(during.history()))).toBe(false);
  const after = held().heal("f1").effect("w work k", effect).ok("o1").ok("o2");
  expect(someGoesOn(jobs)(viewOf(after.history()))).toBe(false);
  const own = held().effect("w work k", { reference: "@a" }).heal("f1").ok("o1").ok("o2");
  expect(someGoesOn(jobs)(viewOf(own.history()))).toBe(false);
});
