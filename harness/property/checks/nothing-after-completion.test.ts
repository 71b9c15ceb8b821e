import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { nothingAfterCompletion } from "./nothing-after-completion.ts";

const work = operation({ args: fc.constant("@a"), request: (key: string) => ({ call: "s/work", key }) });
named({ work });
const check = nothingAfterCompletion(groupBy({ of: [work], by: (key) => key }));
const begun = () => new Script().invoke("o1", work, "@a");
const late = (script: Script) => script.effect("w work k", { reference: "@a" });

test("what happens before the answer is fine, and so is what happens for another, or changes nothing", async () => {
  expect(await complaint(check, late(begun()).ok("o1").history())).toBeUndefined();
  const others = begun()
    .ok("o1")
    .effect("w work k", { reference: "@b" })
    .effect("w work k", { reference: "@a", type: "repeat" });
  expect(await complaint(check, others.history())).toBeUndefined();
});

test("what happens after it is told, whatever the answer was", async () => {
  expect(await complaint(check, late(begun().ok("o1")).history())).toMatchObject({
    summary: "w: work k happened after o1 (work) had been answered.",
    events: [1, 2],
  });
  expect(await complaint(check, late(begun().fail("o1")).history())).toBeDefined();
});

test("who was cancelled has heard the end, although it is open what was done; who heard nothing has not", async () => {
  const ended = { code: 409, message: "cancelled" };
  const cancelled = begun().about("o2", "cancel", "o1").ok("o2").info("o1", ended);
  expect(await complaint(check, late(cancelled).history())).toMatchObject({ events: [3, 4] });
  expect(await complaint(check, late(begun().info("o1")).history())).toBeUndefined();
});

test("what was terminated leaves what it began", async () => {
  const ended = { code: 409, message: "killed" };
  const terminated = begun().about("o2", "terminate", "o1").ok("o2").info("o1", ended);
  expect(await complaint(check, late(terminated).history())).toBeUndefined();
});
