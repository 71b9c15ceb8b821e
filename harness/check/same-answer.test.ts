import { expect, test } from "vitest";
import { sameAnswer } from "./same-answer.ts";
import { seeded } from "./simulate.ts";
import { Script } from "./testing.ts";

const call = { service: "product", handler: "reserve", key: "p" };
const same = sameAnswer();

test("answers are the same for each key; changed, invalid exactly when a key has two", async () => {
  const random = seeded(111);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 2_000; k++) {
    const changed = random(6);
    const script = new Script();
    const answers = new Map<string, Set<string>>();
    for (let o = 0; o < 6; o++) {
      const [id, key] = [`o${o}`, `k${random(3)}`];
      script.invoke(id, { call, idempotencyKey: key });
      if (random(4) === 0) {
        script.info(id);
        continue;
      }
      const value = o === changed ? "another" : `of ${key}`;
      const invocation = o === changed && random(2) === 0 ? "inv_other" : `inv_${key}`;
      script.ok(id, value, invocation);
      answers.set(key, (answers.get(key) ?? new Set()).add(`${value} ${invocation}`));
    }
    const expected = [...answers.values()].every(({ size }) => size === 1) ? "valid" : "invalid";
    expect((await same(script.history())).verdict).toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(300);
});

test("an attached result belongs to the request, and so does how the invocation ended", async () => {
  const asked = new Script()
    .invoke("o1", { call, idempotencyKey: "a" })
    .info("o1")
    .invoke("o2", { mode: "attach", of: "o1" });
  const first = asked.ok("o2", true);
  const ended = (value: boolean) => first.history({ outcomes: { o1: { status: "succeeded", value } } });
  expect(await same(ended(true))).toEqual({ verdict: "valid" });
  expect(await same(ended(false))).toMatchObject({
    evidence: { summary: "One request, two answers: o1 (any) got false, and o2 (any) got true." },
  });
});

test("without a key, and with another target, it is another request", async () => {
  const history = new Script()
    .invoke("o1", { call })
    .ok("o1", 1)
    .invoke("o2", { call })
    .ok("o2", 2)
    .invoke("o3", { call, idempotencyKey: "a" })
    .ok("o3", 3)
    .invoke("o4", { call: { ...call, key: "q" }, idempotencyKey: "a" })
    .ok("o4", 4)
    .history();
  expect(await same(history)).toEqual({ verdict: "valid" });
});
