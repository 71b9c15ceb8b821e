import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { answersHaveTheirShape } from "./answers-have-their-shape.ts";

const request = () => ({ call: "s/count" });
const count = operation({ args: fc.constant(null), request, answer: z.object({ count: z.number() }) });
const free = operation({ args: fc.constant(null), request });
const check = answersHaveTheirShape(named({ count, free }));

test("an answer that is none of its kind is told, with what is wrong with it", async () => {
  const wrong = new Script().invoke("o1", count, null).ok("o1", { count: "3" });
  expect(await complaint(check, wrong.history())).toMatchObject({
    summary: "o1 (count) was answered with something else than such an operation answers.",
    expected: expect.stringContaining("expected number"),
    seen: '{"count":"3"}',
    events: [0, 1],
  });
  const learned = new Script().invoke("o1", count, null).info("o1").learned("o1", { value: [] });
  expect(await complaint(check, learned.history())).toBeDefined();
});

test("answers of the kind pass, and so do failures, kinds that say nothing, and what is about another", async () => {
  const script = new Script()
    .invoke("o1", count, null)
    .ok("o1", { count: 3 })
    .invoke("o2", count, null)
    .fail("o2")
    .invoke("o3", free, null)
    .ok("o3", [])
    .about("o4", "cancel", "o1")
    .ok("o4", "whatever");
  expect(await complaint(check, script.history())).toBeUndefined();
});
