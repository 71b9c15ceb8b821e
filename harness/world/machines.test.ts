import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../plan/index.ts";
import { startWorld, types } from "./testing.ts";

const up = { phase: "begin", transition: 1, to: "UP" };

function machinesOf() {
  const { send, ledger } = startWorld();
  const tell = (machine: string, json: Json, key?: string) =>
    send(`POST /machines/machines/${machine}/transitions`, { json, ...(key !== undefined && { key }) });
  return { tell, ledger };
}

test("a machine is told begin and done of a transition, each with its entry", () => {
  const { tell, ledger } = machinesOf();
  expect(tell("m1", up, "k1").body).toEqual({ id: "m1", state: "begin" });
  expect(tell("m1", { ...up, phase: "done" }, "k2").body).toEqual({ id: "m1", state: "done" });
  const entry = { type: "effect", system: "machines", key: "m1", reference: "m1" };
  expect(ledger).toEqual([
    { ...entry, action: "begin", data: { state: "begin", transition: 1, to: "UP" } },
    { ...entry, action: "done", data: { state: "done", transition: 1, to: "UP" } },
  ]);
});

test("a number that is lower than one that was heard is refused, and changes nothing", () => {
  const { tell } = machinesOf();
  tell("m1", { ...up, transition: 2 }, "k1");
  const late = tell("m1", up, "k2");
  expect(late.status).toBe(409);
  expect(late.text).toContain("has heard of 2");
  expect(types(late.entries)).toEqual(["refusal"]);
  expect(types(tell("m1", up, "k2").entries)).toEqual(["repeat"]);
  expect(tell("m1", { ...up, transition: 2 }, "k3").status).toBe(200);
});

test("each machine counts for itself", () => {
  const { tell } = machinesOf();
  tell("m1", { ...up, transition: 2 }, "k1");
  expect(tell("m2", up, "k2").status).toBe(200);
});

test("what makes no sense is not refused: the ledger tells", () => {
  const { tell, ledger } = machinesOf();
  tell("m1", { ...up, phase: "done" }, "k1");
  tell("m1", up, "k2");
  tell("m1", { ...up, to: "DOWN" }, "k3");
  expect(types(ledger)).toEqual(["effect", "effect", "effect"]);
});

test.each([
  [{ ...up, transition: 0 }, "transition"],
  [{ ...up, transition: 1.5 }, "transition"],
  [{ ...up, to: "SIDEWAYS" }, "to"],
  [{ ...up, phase: "stop" }, "phase"],
  [{ ...up, speed: 3 }, "speed"],
])("%j is refused, and the mistake is named", (report, word) => {
  const { tell, ledger } = machinesOf();
  const answer = tell("m1", report, "k1");
  expect(answer.status).toBe(400);
  expect(answer.text).toContain(word);
  expect(types(ledger)).toEqual(["refusal"]);
});

const report = fc.record({
  machine: fc.constantFrom("m1", "m2"),
  report: fc.record({
    phase: fc.constantFrom("begin", "done"),
    transition: fc.integer({ min: 1, max: 4 }),
    to: fc.constantFrom("UP", "DOWN"),
  }),
  key: fc.option(fc.constantFrom("a", "b", "c", "d"), { nil: undefined }),
});

test("whatever is told, the numbers of what a machine takes never fall, and no key changes anything twice", () => {
  fc.assert(
    fc.property(fc.array(report, { minLength: 5, maxLength: 30 }), (reports) => {
      const { tell } = machinesOf();
      const latest = new Map<string, number>();
      const changed = new Set<string>();
      for (const { machine, report, key } of reports) {
        const { entries } = tell(machine, report, key);
        if (types(entries)[0] !== "effect") continue;
        expect(report.transition).toBeGreaterThanOrEqual(latest.get(machine) ?? 0);
        latest.set(machine, report.transition);
        if (key === undefined) continue;
        expect(changed).not.toContain(key);
        changed.add(key);
      }
    }),
  );
});
