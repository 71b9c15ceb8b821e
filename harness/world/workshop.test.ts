import fc from "fast-check";
import { expect, test } from "vitest";
import { idempotent } from "./idempotency.ts";
import { IMPOSSIBLE_TASK, workshop } from "./workshop.ts";

function play() {
  const system = idempotent(workshop());
  return (content: Record<string, string | number>, key?: string, action = "perform") =>
    system.handle({ action, reference: "t1", content, ...(key !== undefined && { key }) }, 0);
}

test("work is done, under the key of the call", () => {
  const { status, body, entries } = play()({ task: "sand" }, "k1");
  expect([status, body]).toEqual([200, { id: "k1", state: "performed" }]);
  expect(entries).toEqual([
    {
      type: "effect",
      system: "workshop",
      action: "perform",
      key: "k1",
      reference: "t1",
      data: { state: "performed", task: "sand" },
    },
  ]);
});

test("the same key is answered alike, and the work is not done again", () => {
  const ask = play();
  const first = ask({ task: "sand" }, "k1");
  const again = ask({ task: "sand" }, "k1");
  expect([again.status, again.body]).toEqual([first.status, first.body]);
  expect(again.entries).toEqual([{ ...first.entries[0], type: "repeat" }]);
});

test("equal work under another key, or under none, is other work", () => {
  const ask = play();
  const all = ["k1", "k2", undefined, undefined].map((key) => ask({ task: "sand" }, key));
  expect(all.map(({ entries }) => entries[0]?.type)).toEqual(["effect", "effect", "effect", "effect"]);
  expect(new Set(all.map(({ entries }) => entries[0]?.key)).size).toBe(4);
});

test("other work under the same key is refused", () => {
  const ask = play();
  ask({ task: "sand" }, "k1");
  const { status, entries } = ask({ task: "paint" }, "k1");
  expect([status, entries[0]?.type]).toEqual([422, "refusal"]);
});

test.each([
  [{ task: `${IMPOSSIBLE_TASK}/1` }, "perform", 422],
  [{ task: "" }, "perform", 400],
  [{ task: 1 }, "perform", 400],
  [{}, "perform", 400],
  [{ task: "sand", hours: 2 }, "perform", 400],
  [{ task: "sand" }, "undo", 404],
])("%j: %s is refused with %i", (content, action, status) => {
  const ask = play();
  const refused = ask(content as Record<string, string | number>, "k1", action);
  expect([refused.status, refused.entries.map(({ type }) => type)]).toEqual([status, ["refusal"]]);
  const again = ask(content as Record<string, string | number>, "k1", action);
  expect([again.status, again.body, again.entries[0]?.type]).toEqual([status, refused.body, "repeat"]);
});

test("whatever is asked, every key has at most one effect, and always the same answer", () => {
  const call = fc.record({
    key: fc.constantFrom("a", "b", "c"),
    task: fc.constantFrom("sand", "paint", IMPOSSIBLE_TASK),
  });
  fc.assert(
    fc.property(fc.array(call, { minLength: 8, maxLength: 30 }), (calls) => {
      const ask = play();
      const answers = new Map<string, unknown>();
      const done = new Set<string>();
      for (const { key, task } of calls) {
        const { status, body, entries } = ask({ task }, key);
        const request = `${key} ${task}`;
        if (answers.has(request)) expect([status, body]).toEqual(answers.get(request));
        answers.set(request, [status, body]);
        for (const { type } of entries) {
          if (type !== "effect") continue;
          expect(done).not.toContain(key);
          done.add(key);
        }
      }
    }),
  );
});
