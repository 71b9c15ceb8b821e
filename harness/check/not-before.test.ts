import { expect, test } from "vitest";
import { notBefore } from "./not-before.ts";
import { seeded } from "./simulate.ts";
import { Script } from "./testing.ts";

const inTime = notBefore({
  scheduled: ({ operation }) => ({ id: operation.kind, delay: operation.delay ?? 0 }),
  begins: (event) => (event.type === "effect" ? event.key : undefined),
});

test("what begins when the first of its schedulers allows it is valid; earlier it is not", async () => {
  const random = seeded(91);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 4_000; k++) {
    const script = new Script();
    const allowed = new Map<string, number[]>();
    for (let o = 0; o < 4; o++) {
      const [kind, at, delay] = [`t${random(2)}`, 20 * o, 10 * random(12)];
      script.at(at).invoke(`o${o}`, { kind, delay });
      if (random(3) > 0) script.info(`o${o}`);
      allowed.set(kind, [...(allowed.get(kind) ?? []), at + delay]);
    }
    const kind = `t${random(2)}`;
    const at = 80 + random(80);
    // The definition: some scheduler allows it, a clock's tick forgiven. What nobody scheduled is another check's concern.
    const times = allowed.get(kind);
    const expected = times === undefined || times.some((time) => at >= time - 5) ? "valid" : "invalid";
    const history = script.at(at).effect("begin", kind).history();
    expect((await inTime(history)).verdict).toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(200);
});

test("the evidence says by how much", async () => {
  const history = new Script().at(10).invoke("o1", { kind: "t", delay: 50 }).at(40).effect("begin", "t").history();
  expect(await inTime(history)).toMatchObject({
    evidence: { summary: "t began 20 ms too early: o1 (t) allows it from 60 ms on.", events: [0, 1] },
  });
});
