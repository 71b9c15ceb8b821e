import { expect, test } from "vitest";
import { Guide, type Passed } from "./guide.ts";

const message = (target: string, text: string): Passed => ({ target, attempt: 1, direction: "to-server", text });
const order = [message("a", "1"), message("b", "1"), message("a", "2")];

/** A clock on which time passes when the test says so. */
function clock() {
  const sleepers: (() => void)[] = [];
  return {
    now: () => 0,
    sleep: () => new Promise<void>((resolve) => sleepers.push(resolve)),
    pass: async () => {
      for (const wake of sleepers.splice(0)) wake();
      for (let i = 0; i < 5; i++) await Promise.resolve();
    },
  };
}

/** What has passed, as it passes. */
function passing(guide: Guide) {
  const passed: string[] = [];
  const come = (one: Passed) => {
    const name = one.target + one.text;
    const turn = guide.turn(one);
    if (turn) turn.then(() => passed.push(name));
    else passed.push(name);
  };
  return { passed, come };
}

test("a message is held until those before it have passed", async () => {
  const { passed, come } = passing(new Guide(clock(), order));
  come(message("b", "1"));
  await Promise.resolve();
  expect(passed).toEqual([]);
  come(message("a", "1"));
  await Promise.resolve();
  come(message("a", "2"));
  expect(passed).toEqual(["a1", "b1", "a2"]);
});

test("what did not pass there is held until all of its attempt has passed", async () => {
  const { passed, come } = passing(new Guide(clock(), order));
  come(message("b", "other"));
  expect(passed).toEqual([]);
  come(message("a", "1"));
  come(message("b", "1"));
  await Promise.resolve();
  expect(passed).toEqual(["a1", "b1", "bother"]);
});

test("what is of another attempt passes at once; what does not come is given up", async () => {
  const time = clock();
  const { passed, come } = passing(new Guide(time, order));
  come(message("c", "1"));
  come(message("a", "2"));
  expect(passed).toEqual(["c1"]);
  await time.pass();
  expect(passed).toEqual(["c1", "a2"]);
  come(message("b", "1"));
  expect(passed).toEqual(["c1", "a2", "b1"]);
});
