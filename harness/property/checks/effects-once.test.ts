import fc from "fast-check";
import { expect, test } from "vitest";
import { seeded } from "../../check/simulate.ts";
import { groupBy } from "../group.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { effectsOnce, times } from "./effects-once.ts";
import { noSpuriousEffects } from "./no-spurious-effects.ts";

const work = operation({ args: fc.constant("k"), request: (key: string) => ({ call: "s/work", idempotencyKey: key }) });
named({ work });
const jobs = groupBy({ of: [work], by: (key) => key, effectsBy: ({ key }) => key });
const once = effectsOnce(jobs, {
  required: ({ key }) => [key],
  effect: ({ action, key }) => (action === "work" ? key : undefined),
});
const spurious = noSpuriousEffects(jobs);

type Step = ["invoke" | "ok" | "info", id: string, key: string] | ["effect", key: string];

/** Clients ask for work by few keys, again and again; whatever was asked for is done once, unless nobody heard of it. */
function worked(random: (n: number) => number): Step[] {
  const steps: Step[] = [];
  const done = new Set<string>();
  for (let k = 0; k < 5; k++) {
    const key = `k${random(3)}`;
    const lost = random(3) === 0;
    steps.push(["invoke", `o${k}`, key]);
    if (!done.has(key) && !(lost && random(2) === 0)) {
      done.add(key);
      steps.push(["effect", key]);
    }
    steps.push([lost ? "info" : "ok", `o${k}`, key]);
  }
  return steps;
}
function written(steps: readonly Step[]) {
  const script = new Script();
  for (const step of steps) {
    if (step[0] === "effect") script.effect(`world work ${step[1]}`);
    else if (step[0] === "invoke") script.invoke(step[1], work, step[2]);
    else script[step[0]](step[1]);
  }
  return script.history();
}

test("a correct history is valid; changed, it is invalid exactly when a count says so", async () => {
  const random = seeded(21);
  const seen = { once: 0, spurious: 0, fine: 0 };
  for (let k = 0; k < 1_500; k++) {
    const steps = worked(random);
    expect(await complaint(once, written(steps))).toBeUndefined();
    expect(await complaint(spurious, written(steps))).toBeUndefined();

    const effects = steps.flatMap((step, at) => (step[0] === "effect" ? [at] : []));
    const some = effects[random(Math.max(1, effects.length))];
    const change = random(3);
    const copy = some === undefined ? undefined : steps[some];
    if (some !== undefined && change === 0) steps.splice(some, 1);
    else if (copy !== undefined && change === 1) steps.splice(random(steps.length), 0, copy);
    else steps.splice(random(steps.length), 0, ["effect", `k${random(4)}`]);

    const count = (key: string) => steps.filter((step) => step[0] === "effect" && step[1] === key).length;
    // of what nobody ever asked for, the other check tells
    const isOnce = ["k0", "k1", "k2"].every((key) => {
      const isAsked = steps.some((step) => step[0] === "invoke" && step[2] === key);
      const isDue = steps.some((step) => step[0] === "ok" && step[2] === key);
      return !isAsked || count(key) === 1 || (count(key) === 0 && !isDue);
    });
    const isAsked = steps.every(
      (step, at) =>
        step[0] !== "effect" || steps.slice(0, at).some((other) => other[0] === "invoke" && other[2] === step[1]),
    );
    expect((await complaint(once, written(steps))) === undefined).toBe(isOnce);
    expect((await complaint(spurious, written(steps))) === undefined).toBe(isAsked);
    if (!isOnce) seen.once++;
    if (!isAsked) seen.spurious++;
    if (isOnce && isAsked) seen.fine++;
  }
  for (const number of Object.values(seen)) expect(number).toBeGreaterThan(50);
});

test("the evidence names what is missing or doubled, and where", async () => {
  const lost = new Script().invoke("o1", work, "a").ok("o1").history();
  expect(await complaint(once, lost)).toEqual({
    summary: "a happened never, and was to happen once.",
    expected: "once",
    seen: "never",
    events: [0, 1],
  });
  const doubled = new Script().invoke("o1", work, "a").effect("w work a").effect("w work a").history();
  expect(await complaint(once, doubled)).toMatchObject({ seen: "2 times", events: [0, 1, 2] });
});

test("what was learned after the fact is due as well; what failed is not", async () => {
  const unheard = () => new Script().invoke("o1", work, "a").info("o1");
  expect(await complaint(once, unheard().history())).toBeUndefined();
  expect(await complaint(once, unheard().learned("o1", { value: null }).history())).toBeDefined();
  expect(await complaint(once, new Script().invoke("o1", work, "a").fail("o1").history())).toBeUndefined();
});

test("what is asked for several times is due so often, and when it is due can be told", async () => {
  const twice = effectsOnce(jobs, {
    required: () => ["x", "x"],
    effect: () => "x",
    isDue: ({ requests }) => requests.length > 1,
  });
  const done = (count: number, ...ids: string[]) => {
    const script = new Script();
    for (const id of ids) script.invoke(id, operationOf(id), "a");
    for (let n = 0; n < count; n++) script.effect("w work a");
    return script.history();
  };
  // two requests, not duplicates: by different ways
  const operationOf = (id: string) => (id === "o1" ? work : other);
  const other = operation({
    args: fc.constant("k"),
    request: (key: string) => ({ call: "s/other", idempotencyKey: key }),
  });
  other.definition.name = "work";
  expect(await complaint(twice, done(2, "o1", "o2"))).toBeUndefined();
  expect(await complaint(twice, done(1, "o1", "o2"))).toMatchObject({ expected: "2 times", seen: "once" });
  expect(await complaint(twice, done(3, "o1", "o2"))).toMatchObject({ seen: "3 times" });
  expect(await complaint(twice, done(1, "o1"))).toBeUndefined();
});

test("how often", () => {
  expect([0, 1, 2].map(times)).toEqual(["never", "once", "2 times"]);
});
