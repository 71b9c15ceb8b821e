import fc from "fast-check";
import { expect, test } from "vitest";
import { World } from "./index.ts";
import type { LedgerEntry } from "./system.ts";

type Phase = "begin" | "done";
const up = { machine: "m1", transition: 1, to: "UP" };

/** A fresh world with machines to talk to. */
function play() {
  const world = new World();
  const ledger: LedgerEntry[] = [];
  const tell = (phase: string, content: object, key?: string) => {
    const headers = key === undefined ? {} : { "idempotency-key": key };
    const body = JSON.stringify({ reference: "m1", ...content });
    const { answer, entries } = world.handle({ method: "POST", path: `/machines/${phase}`, headers, body }, 0);
    ledger.push(...entries);
    return { status: answer.status, body: JSON.parse(answer.body), entries };
  };
  return { tell, ledger };
}
const types = (entries: LedgerEntry[]) => entries.map(({ type }) => type);

test("a machine is told begin and done of a transition, each with its entry", () => {
  const { tell, ledger } = play();
  expect(tell("begin", up, "k1").body).toEqual({ id: "m1", state: "begin" });
  expect(tell("done", up, "k2").body).toEqual({ id: "m1", state: "done" });
  const entry = { type: "effect", system: "machines", key: "m1", reference: "m1" };
  expect(ledger).toEqual([
    { ...entry, action: "begin", data: { state: "begin", transition: 1, to: "UP" } },
    { ...entry, action: "done", data: { state: "done", transition: 1, to: "UP" } },
  ]);
});

test("a number that is lower than one that was heard is refused, and changes nothing", () => {
  const { tell } = play();
  tell("begin", { ...up, transition: 2 }, "k1");
  const late = tell("begin", up, "k2");
  expect(late.status).toBe(409);
  expect(late.body.message).toContain("has heard of 2");
  expect(types(late.entries)).toEqual(["refusal"]);
  expect(types(tell("begin", up, "k2").entries)).toEqual(["repeat"]);
  expect(tell("done", { ...up, transition: 2 }, "k3").status).toBe(200);
});

test("each machine counts for itself", () => {
  const { tell } = play();
  tell("begin", { ...up, transition: 2 }, "k1");
  expect(tell("begin", { ...up, machine: "m2" }, "k2").status).toBe(200);
});

test("what makes no sense is not refused: the ledger tells", () => {
  const { tell, ledger } = play();
  tell("done", up, "k1");
  tell("begin", up, "k2");
  tell("begin", { ...up, to: "DOWN" }, "k3");
  expect(types(ledger)).toEqual(["effect", "effect", "effect"]);
});

test("the same key is answered alike, also when the machine has heard of later transitions", () => {
  const { tell } = play();
  const first = tell("begin", up, "k1");
  tell("begin", { ...up, transition: 2 }, "k2");
  const again = tell("begin", up, "k1");
  expect([again.status, again.body]).toEqual([first.status, first.body]);
  expect(types(again.entries)).toEqual(["repeat"]);
});

test.each([
  ["begin", { ...up, machine: "" }, 400, "machine"],
  ["begin", { ...up, transition: 0 }, 400, "transition"],
  ["begin", { ...up, transition: 1.5 }, 400, "transition"],
  ["done", { ...up, to: "SIDEWAYS" }, 400, "to"],
  ["done", { ...up, speed: 3 }, 400, "speed"],
  ["stop", up, 404, "stop"],
])("%s with %j is refused with %i, and the mistake is named", (phase, content, status, word) => {
  const { tell, ledger } = play();
  const answer = tell(phase, content, "k1");
  expect(answer.status).toBe(status);
  expect(answer.body.message).toContain(word);
  expect(types(ledger)).toEqual(["refusal"]);
});

const report = fc.record({
  phase: fc.constantFrom<Phase>("begin", "done"),
  content: fc.record({
    machine: fc.constantFrom("m1", "m2"),
    transition: fc.integer({ min: 1, max: 4 }),
    to: fc.constantFrom("UP", "DOWN"),
  }),
  key: fc.option(fc.constantFrom("a", "b", "c", "d"), { nil: undefined }),
});

test("whatever is told, the numbers of what a machine takes never fall, and no key changes anything twice", () => {
  fc.assert(
    fc.property(fc.array(report, { minLength: 5, maxLength: 30 }), (reports) => {
      const { tell } = play();
      const latest = new Map<string, number>();
      const changed = new Set<string>();
      for (const { phase, content, key } of reports) {
        const { entries } = tell(phase, content, key);
        if (types(entries)[0] !== "effect") continue;
        expect(content.transition).toBeGreaterThanOrEqual(latest.get(content.machine) ?? 0);
        latest.set(content.machine, content.transition);
        if (key === undefined) continue;
        expect(changed).not.toContain(key);
        changed.add(key);
      }
    }),
  );
});
