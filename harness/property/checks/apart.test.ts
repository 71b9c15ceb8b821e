import fc from "fast-check";
import { expect, test } from "vitest";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { apart } from "./apart.ts";

const remind = operation({ args: fc.constant("@i"), request: (key: string) => ({ call: "s/remind", key }) });
named({ remind });
const check = apart(groupBy({ of: [remind], by: (invoice) => invoice }), 50);
const of = { reference: "@i", attempt: 1 };
const script = () => new Script().invoke("o1", remind, "@i").at(10).effect("mail send k1", of);
const next = (before: Script, at: number) => complaint(check, before.at(at).effect("mail send k2", of).history());

test("effects of one thing are some time apart, the tick of a clock forgiven; those of others are none of this", async () => {
  expect(await next(script(), 55)).toBeUndefined();
  expect(await next(script().at(20).effect("mail send k3", { reference: "@j" }), 60)).toBeUndefined();
  expect(await next(script(), 54)).toEqual({
    summary: 'Of @i, "mail send" came too soon after "mail send".',
    expected: "50 ms after its answer",
    seen: "44 ms",
    events: [1, 2],
  });
});

test("what counts is the answer to the attempt that goes on, and not one that was given up", async () => {
  const again = (attempt: number) =>
    script()
      .at(40)
      .effect("mail send k1", { ...of, type: "repeat", attempt });
  expect(await next(again(2), 60)).toMatchObject({ seen: "20 ms" });
  expect(await next(again(1), 60)).toMatchObject({ seen: "20 ms" });
  expect(await next(again(0), 60)).toBeUndefined();
});

test("an answer that is held has not come", async () => {
  const held = () => script().inject("f1", "answer-late", "o1");
  expect(await next(held(), 70)).toMatchObject({ seen: "before that one was answered" });
  expect(await next(held().at(40).heal("f1"), 70)).toMatchObject({ seen: "30 ms" });
  expect(await next(held().at(40).heal("f1"), 90)).toBeUndefined();
  const retried = held()
    .at(20)
    .effect("mail send k1", { ...of, type: "repeat", attempt: 2 });
  expect(await next(retried, 70)).toBeUndefined();
});
