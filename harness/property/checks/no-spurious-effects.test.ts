import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { noSpuriousEffects } from "./no-spurious-effects.ts";

const work = operation({ args: fc.constant("@a"), request: (key: string) => ({ call: "s/work", key }) });
named({ work });
const jobs = groupBy({ of: [work], by: (key) => key });
const check = noSpuriousEffects(jobs);

test("what happens before anybody asks is told, with who asked too late", async () => {
  const early = new Script().effect("w work k", { reference: "@a" }).invoke("o1", work, "@a").ok("o1");
  expect(await complaint(check, early.history())).toMatchObject({
    summary: "w: work for @a happened before anybody asked for it.",
    events: [0, 1, 2],
  });
});

test("what nobody ever asks for is told, tried or done, whomever it is for", async () => {
  const never = new Script().invoke("o1", work, "@a").effect("w work k", { reference: "@b", type: "refusal" });
  expect(await complaint(check, never.history())).toMatchObject({
    summary: "w: work for @b was tried, and nobody ever asked for it.",
    events: [1],
  });
  expect(await complaint(check, new Script().effect("w work k").history())).toMatchObject({
    summary: "w: work for nobody happened, and nobody ever asked for it.",
  });
});

test("what was asked for, what time does, and what is not concerned pass", async () => {
  const fine = new Script()
    .invoke("o1", work, "@a")
    .effect("w work k", { reference: "@a" })
    .effect("w lapse k", { reference: "@b", type: "lapse" });
  expect(await complaint(check, fine.history())).toBeUndefined();
  const repeat = new Script().effect("w work k", { reference: "@b", type: "repeat" });
  expect(await complaint(check, repeat.history())).toBeDefined();
  const onlyEffects = noSpuriousEffects(jobs, ({ type }) => type === "effect");
  expect(await complaint(onlyEffects, repeat.history())).toBeUndefined();
});
