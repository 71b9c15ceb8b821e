import { expect, test } from "vitest";
import { set } from "./set.ts";
import { seeded } from "./simulate.ts";
import { Script } from "./testing.ts";

const kept = set({
  select: ({ operation, completion }) =>
    completion?.type === "fail" ? undefined : operation.kind === "add" ? { add: operation.input! } : undefined,
  final: ({ final }) => final.answers?.all as number[] | undefined,
});

test("what is left holds all that was acknowledged, nothing unasked and nothing twice", async () => {
  const random = seeded(41);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 2_000; k++) {
    const script = new Script();
    const acked: number[] = [];
    const maybe: number[] = [];
    for (let element = 0; element < 4; element++) {
      const id = `o${element}`;
      script.invoke(id, { kind: "add", input: element });
      const ending = random(3);
      if (ending === 0) script.ok(id);
      else if (ending === 1) script.info(id);
      else script.fail(id);
      if (ending === 0) acked.push(element);
      if (ending === 1) maybe.push(element);
    }
    const right = [...acked, ...maybe.filter(() => random(2) === 0)];
    expect(await kept(script.history({ answers: { all: right } }))).toEqual({ verdict: "valid" });

    const element = random(4);
    const all = random(2) === 0 ? right.filter((other) => other !== element) : [...right, element];
    const isRight =
      new Set(all).size === all.length &&
      acked.every((one) => all.includes(one)) &&
      all.every((one) => acked.includes(one) || maybe.includes(one));
    const expected = isRight ? "valid" : "invalid";
    expect((await kept(script.history({ answers: { all } }))).verdict).toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(300);
});
