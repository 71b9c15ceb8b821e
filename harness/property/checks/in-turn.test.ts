import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { inTurn } from "./in-turn.ts";

const move = operation({ args: fc.constant("@m"), request: (key: string) => ({ call: "s/move", key }) });
named({ move });
const machines = groupBy({ of: [move], by: (machine) => machine });
/** A machine begins and is done, in turn. */
const check = inTurn(machines, {
  step: ({ action }) => (action === "begin" || action === "done" ? action : undefined),
  mayFollow: (step, previous) => (step === "begin" ? previous !== "begin" : previous === "begin"),
  expected: "begin and done in turn",
});
const of = { reference: "@m" };
const moved = (...actions: string[]) => {
  const script = new Script().invoke("o1", move, "@m");
  for (const action of actions) script.effect(`m ${action} k`, of);
  return script.history();
};

test("steps that follow each other as they may are valid, whatever else happens between them", async () => {
  expect(await complaint(check, moved())).toBeUndefined();
  expect(await complaint(check, moved("begin", "done", "begin"))).toBeUndefined();
  expect(await complaint(check, moved("begin", "oil", "done"))).toBeUndefined();
});

test("one that may not is told with the one before it", async () => {
  expect(await complaint(check, moved("begin", "oil", "begin"))).toEqual({
    summary: 'Of @m, "begin" null came after "begin" null.',
    expected: "begin and done in turn",
    events: [1, 3],
  });
  expect(await complaint(check, moved("done"))).toMatchObject({
    summary: 'Of @m, "done" null came first of all.',
    events: [1],
  });
});

test("things have their turns apart", async () => {
  const two = new Script()
    .invoke("o1", move, "@m")
    .invoke("o2", move, "@n")
    .effect("m begin k", of)
    .effect("m begin k", { reference: "@n" });
  expect(await complaint(check, two.history())).toBeUndefined();
});
