import { expect, test } from "vitest";
import type { Observed } from "./model.ts";
import { type WriteOnceInput, type WriteOnceOutput, writeOnce } from "./models/write-once.ts";
import { type Random, seeded, simulate } from "./simulate.ts";
import { singleValue } from "./single-value.ts";
import { isLinearizable, Script } from "./testing.ts";

const single = singleValue({
  told({ completion }) {
    if (completion?.type !== "ok") return undefined;
    const [value] = completion.value as number[];
    return { object: "it", value };
  },
  offered: ({ operation }) => (operation.kind === "write" ? { object: "it", value: operation.input! } : undefined),
});

const input = (random: Random): WriteOnceInput => (random(2) === 0 ? { f: "read" } : { f: "write", value: random(3) });
function respond(
  state: { value: number } | null,
  asked: WriteOnceInput,
): { state: typeof state; output: WriteOnceOutput } {
  const next = asked.f === "write" && state === null ? { value: asked.value as number } : state;
  return { state: next, output: next ?? "none" };
}

function write(operations: readonly Observed<WriteOnceInput, WriteOnceOutput>[]) {
  const moments = operations.flatMap(({ input: asked, output, call, return: end }, k) => {
    const more = asked.f === "write" ? { kind: "write", input: asked.value } : { kind: "read" };
    const value = typeof output === "object" ? [output.value] : [];
    return [
      { at: call, add: (script: Script) => script.invoke(`o${k}`, more) },
      {
        at: end ?? 1e6,
        add: (script: Script) => (end === undefined ? script.info(`o${k}`) : script.ok(`o${k}`, value)),
      },
    ];
  });
  const script = new Script();
  for (const { add } of moments.sort((a, b) => a.at - b.at)) add(script);
  return script.history();
}

test("it is invalid exactly when the history is not that of a write-once register", async () => {
  const random = seeded(51);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 2_000; k++) {
    const operations = simulate({ init: () => null, respond, input, clients: 3, operations: 6, lost: 150 }, random);
    expect(await single(write(operations))).toEqual({ verdict: "valid" });
    const answered = operations.filter((one) => one.return !== undefined);
    const one = answered[random(answered.length)];
    if (one === undefined) continue;
    one.output = random(3) === 0 && one.input.f === "read" ? "none" : { value: random(4) };
    const expected = isLinearizable(writeOnce, operations) ? "valid" : "invalid";
    expect((await single(write(operations))).verdict).toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(300);
});

test("the evidence names who was told what", async () => {
  const history = new Script()
    .invoke("o1", { kind: "write", input: 1 })
    .ok("o1", [1])
    .invoke("o2", { kind: "read" })
    .ok("o2", [])
    .history();
  expect(await single(history)).toMatchObject({
    evidence: {
      summary: "o2 (read) was told that it has no value, after o1 (write) was told 1.",
      events: [0, 1, 2, 3],
    },
  });
});
