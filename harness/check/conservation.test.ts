import { expect, test } from "vitest";
import { conservation } from "./conservation.ts";
import { seeded } from "./simulate.ts";
import { Script } from "./testing.ts";

const conserved = conservation({
  initial: 100,
  total: ({ final }) => final.answers?.total as number | undefined,
  changes({ operation, completion }) {
    const amount = operation.input as number;
    if (completion?.type === "fail") return undefined;
    return completion?.type === "ok" ? amount : [0, amount];
  },
});

test("the end is the beginning and some of the changes, tried in every combination", async () => {
  const random = seeded(61);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 2_000; k++) {
    const script = new Script();
    const changes: (readonly number[])[] = [];
    for (let o = 0; o < 5; o++) {
      const amount = random(13) - 6;
      script.invoke(`o${o}`, { input: amount });
      const ending = random(3);
      if (ending === 0) script.ok(`o${o}`);
      else if (ending === 1) script.info(`o${o}`);
      else script.fail(`o${o}`);
      changes.push(ending === 0 ? [amount] : ending === 1 ? [0, amount] : [0]);
    }
    const right = changes.reduce((sum, choices) => sum + choices[random(choices.length)]!, 100);
    expect(await conserved(script.history({ answers: { total: right } }))).toEqual({ verdict: "valid" });

    const total = right + random(9) - 4;
    const combine = (left: readonly (readonly number[])[], sum: number): boolean =>
      left.length === 0 ? sum === total : left[0]!.some((choice) => combine(left.slice(1), sum + choice));
    const expected = combine(changes, 100) ? "valid" : "invalid";
    expect((await conserved(script.history({ answers: { total } }))).verdict).toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(300);
});

test("without a total it is unknown, and the evidence says what is certain", async () => {
  const script = new Script().invoke("o1", { input: 5 }).ok("o1").invoke("o2", { input: 7 }).info("o2");
  expect((await conserved(script.history())).verdict).toBe("unknown");
  expect(await conserved(script.history({ answers: { total: 104 } }))).toMatchObject({
    evidence: { expected: "105 after what is certain, and 0 or 7 (o2)", seen: "104", events: [0, 1, 2, 3] },
  });
});
