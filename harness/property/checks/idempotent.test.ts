import fc from "fast-check";
import { expect, test } from "vitest";
import { seeded } from "../../check/simulate.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { idempotent } from "./idempotent.ts";

const args = fc.record({ object: fc.constant("@p"), key: fc.option(fc.constant("@k"), { nil: undefined }) });
type Args = { object: string; key?: string | undefined };
const requestOf = ({ object, key }: Args) => ({
  call: "s/take",
  key: object,
  ...(key !== undefined && { idempotencyKey: key }),
});
const take = operation<Args>({ args, request: requestOf });
const send = operation<Args>({ args, request: (of) => ({ ...requestOf(of), send: true }) });
const check = idempotent(named({ take, send }));
const found = (script: Script) => complaint(check, script.history());
const mine = { object: "@p", key: "@k" };

test("answers are the same for each key; changed, invalid exactly when a key has two", async () => {
  const random = seeded(111);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 1_500; k++) {
    const changed = random(6);
    const script = new Script();
    const answers = new Map<string, Set<string>>();
    for (let o = 0; o < 6; o++) {
      const [id, key] = [`o${o}`, `k${random(3)}`];
      script.invoke(id, take, { object: "@p", key });
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
    expect((await found(script)) === undefined ? "valid" : "invalid").toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(200);
});

test("an attached result belongs to the request, and so does how the invocation ended", async () => {
  const ended = (value: boolean) =>
    new Script()
      .invoke("o1", take, mine)
      .info("o1")
      .about("o2", "attach", "o1")
      .ok("o2", true)
      .learned("o1", { value });
  expect(await found(ended(true))).toBeUndefined();
  expect(await found(ended(false))).toEqual({
    summary: "One request, two answers: o1 (take) got false, and o2 (attach) got true.",
    expected: "false",
    seen: "true",
    events: [0, 1, 2, 3],
  });
});

test("one request is done by one invocation", async () => {
  const script = new Script().invoke("o1", take, mine).ok("o1", 1, "a").invoke("o2", take, mine).ok("o2", 1, "b");
  expect(await found(script)).toMatchObject({ summary: expect.stringContaining("o1 (take) came from a") });
});

test("without a key, and with another target, it is another request", async () => {
  const script = new Script()
    .invoke("o1", take, { object: "@p" })
    .ok("o1", 1)
    .invoke("o2", take, { object: "@p" })
    .ok("o2", 2)
    .invoke("o3", take, mine)
    .ok("o3", 3)
    .invoke("o4", take, { ...mine, object: "@q" })
    .ok("o4", 4);
  expect(await found(script)).toBeUndefined();
});

test("that a one-way call was accepted is no answer: only what others are told counts", async () => {
  const sent = () => new Script().invoke("o1", send, mine).ok("o1", null, "a").about("o2", "attach", "o1").ok("o2", 1);
  expect(await found(sent())).toBeUndefined();
  expect(await found(sent().about("o3", "attach", "o1").ok("o3", 2))).toMatchObject({ expected: "1", seen: "2" });
});
