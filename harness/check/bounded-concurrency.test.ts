import { expect, test } from "vitest";
import type { HistoryEvent } from "../history/index.ts";
import { boundedConcurrency, mutualExclusion } from "./bounded-concurrency.ts";
import { seeded } from "./simulate.ts";
import { Script } from "./testing.ts";

const use = (event: HistoryEvent) =>
  event.type === "effect"
    ? { resource: event.reference!, user: event.key, phase: event.action as "begin" | "end" }
    : undefined;

type Step = [phase: "begin" | "end", user: string];

/** Users that come and go, never more than the limit at a time. */
function used(random: (n: number) => number, limit: number): Step[] {
  const steps: Step[] = [];
  const current: string[] = [];
  for (let k = 0; k < 12; k++) {
    if (current.length < limit && random(2) === 0) {
      current.push(`u${k}`);
      steps.push(["begin", `u${k}`]);
    } else if (current.length > 0) steps.push(["end", current.splice(random(current.length), 1)[0]!]);
  }
  return steps;
}

function write(steps: readonly Step[]) {
  const script = new Script();
  for (const [action, key] of steps) script.effect(action, key, { reference: "it" });
  return script.history();
}

test("uses within the limit are valid; changed, invalid exactly when some moment has too many", async () => {
  const random = seeded(81);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 3_000; k++) {
    const limit = 1 + random(3);
    const steps = used(random, limit);
    expect(await boundedConcurrency({ limit, use })(write(steps))).toEqual({ verdict: "valid" });
    if (steps.length === 0) continue;
    const [step] = steps.splice(random(steps.length), 1);
    if (random(2) === 0) steps.splice(random(steps.length + 1), 0, step!);
    // A user is there from the first time it begins to the first time after that it ends.
    const isThere = (user: string, at: number) => {
      const begin = steps.findIndex(([phase, who]) => phase === "begin" && who === user);
      const end = steps.findIndex(([phase, who], when) => phase === "end" && who === user && when > begin);
      return begin >= 0 && begin <= at && (end < 0 || at < end);
    };
    const users = [...new Set(steps.map(([, user]) => user))];
    const isWithin = steps.every((_, at) => users.filter((user) => isThere(user, at)).length <= limit);
    const expected = isWithin ? "valid" : "invalid";
    expect((await boundedConcurrency({ limit, use })(write(steps))).verdict).toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(300);
});

test("the evidence names who is there at once, and resources do not count together", async () => {
  const steps = (second: string) =>
    new Script().effect("begin", "a", { reference: "x" }).effect("begin", "b", { reference: second }).history();
  expect(await mutualExclusion({ use })(steps("y"))).toEqual({ verdict: "valid" });
  expect(await mutualExclusion({ use })(steps("x"))).toMatchObject({
    evidence: { summary: "x is used by a, b at the same time.", expected: "at most 1 at a time", events: [0, 1] },
  });
});
