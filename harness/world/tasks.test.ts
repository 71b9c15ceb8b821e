import { expect, test } from "vitest";
import { IMPOSSIBLE_TASK, World } from "./index.ts";

function play() {
  const world = new World();
  return (content: object, key?: string, action = "perform") => {
    const headers = key === undefined ? {} : { "idempotency-key": key };
    const body = JSON.stringify({ reference: "r1", ...content });
    const { answer, entries } = world.handle({ method: "POST", path: `/tasks/${action}`, headers, body }, 0);
    return { status: answer.status, body: JSON.parse(answer.body), entries };
  };
}

test("a task is performed, and the ledger says which and for whom", () => {
  const { status, body, entries } = play()({ task: "paint" }, "t1");
  expect([status, body]).toEqual([200, { id: "t1", state: "performed" }]);
  expect(entries).toEqual([
    {
      type: "effect",
      system: "tasks",
      action: "perform",
      key: "t1",
      reference: "r1",
      data: { state: "performed", task: "paint" },
    },
  ]);
});

test("the same key is answered alike for ever, and performs nothing more", () => {
  const ask = play();
  const first = ask({ task: "paint" }, "t1");
  ask({ task: "paint" }, "t2");
  const again = ask({ task: "paint" }, "t1");
  expect([again.status, again.body]).toEqual([first.status, first.body]);
  expect(again.entries).toEqual([{ ...first.entries[0], type: "repeat" }]);
});

test("a key that comes back with another task is refused", () => {
  const ask = play();
  ask({ task: "paint" }, "t1");
  expect(ask({ task: "sing" }, "t1")).toMatchObject({ status: 422, entries: [{ type: "refusal" }] });
});

test("what is impossible is refused, each time", () => {
  const ask = play();
  expect(ask({ task: IMPOSSIBLE_TASK }, "t1")).toMatchObject({ status: 422, entries: [{ type: "refusal" }] });
  expect(ask({ task: IMPOSSIBLE_TASK }, "t1")).toMatchObject({ status: 422, entries: [{ type: "repeat" }] });
});

test("without a key every call is a task of its own", () => {
  const ask = play();
  expect(ask({ task: "paint" }).body.id).not.toBe(ask({ task: "paint" }).body.id);
});

test.each([
  ["perform", {}, 400],
  ["perform", { task: "" }, 400],
  ["perform", { task: "paint", colour: "red" }, 400],
  ["undo", { task: "paint" }, 404],
])("%s %j is refused with %i", (action, content, status) => {
  expect(play()(content, "t1", action)).toMatchObject({ status, entries: [{ type: "refusal" }] });
});
