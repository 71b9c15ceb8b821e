import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { growOnlySet, type SetOperation } from "./grow-only-set.ts";
import type { Model, Observed } from "./model.ts";
import { type Random, seeded, simulate } from "./simulate.ts";
import { isLinearizable } from "./testing.ts";

type Input = { add: number } | "read";
const specification: Model<readonly number[], Input, readonly number[]> = {
  name: "set",
  init: () => [],
  step(state, input, output) {
    if (input !== "read") return [[...new Set([...state, input.add])].sort()];
    return output === undefined || isDeepStrictEqual(state, output) ? [state] : [];
  },
};

const input = (random: Random): Input => (random(2) === 0 ? "read" : { add: random(4) });
const respond = (state: readonly number[], asked: Input) =>
  asked === "read" ? { state, output: state } : { state: [...new Set([...state, asked.add])].sort(), output: [] };

const asSet = (operations: readonly Observed<Input, readonly number[]>[]): SetOperation[] =>
  operations.map(({ input: asked, output, call, return: completion }, k) => ({
    name: `o${k}`,
    invoke: call,
    completion,
    ...(asked === "read" ? { read: output ?? [] } : asked),
  }));

test("it agrees with trying every order, on correct histories and on changed ones", () => {
  const random = seeded(11);
  const counted = { valid: 0, invalid: 0 };
  for (let k = 0; k < 5_000; k++) {
    const operations = simulate({ init: () => [], respond, input, clients: 3, operations: 6, lost: 100 }, random);
    expect(growOnlySet(asSet(operations)).verdict).toBe("valid");
    const reads = operations.filter((o) => o.input === "read" && o.return !== undefined);
    const read = reads[random(Math.max(1, reads.length))];
    if (!read) continue;
    const element = random(5);
    const changed = read.output!.includes(element)
      ? read.output!.filter((e) => e !== element)
      : [...read.output!, element];
    read.output = changed.sort();
    const expected = isLinearizable(specification, operations) ? "valid" : "invalid";
    expect(growOnlySet(asSet(operations)).verdict).toBe(expected);
    counted[expected]++;
  }
  expect(Math.min(counted.valid, counted.invalid)).toBeGreaterThan(300);
});

const add = (element: number, invoke: number, completion?: number): SetOperation => ({
  name: `add ${element}`,
  add: element,
  invoke,
  completion,
});
const read = (elements: number[], invoke: number, completion: number): SetOperation => ({
  name: `read at ${invoke}`,
  read: elements,
  invoke,
  completion,
});

test("it names a lost element, a doubled one, and two reads that grew differently", () => {
  expect(growOnlySet([add(1, 0, 1), add(2, 2, 3), read([2], 4, 5)])).toMatchObject({
    verdict: "invalid",
    evidence: { events: [0, 1, 4, 5] },
  });
  expect(growOnlySet([add(1, 0, 1), read([1, 1], 2, 3)])).toMatchObject({ evidence: { events: [2, 3] } });
  expect(growOnlySet([add(1, 0), add(2, 1), read([1], 2, 4), read([2], 3, 5)])).toMatchObject({
    verdict: "invalid",
    evidence: { events: [0, 1, 2, 3, 4, 5] },
  });
});

test("ten thousand additions and reads take no search", () => {
  const operations: SetOperation[] = [];
  for (let k = 0; k < 5_000; k++)
    operations.push({ name: `a${k}`, add: k, invoke: 2 * k, completion: k % 7 === 0 ? undefined : 2 * k + 3 });
  const all = Array.from({ length: 5_000 }, (_, k) => k);
  for (let k = 0; k < 20; k++)
    operations.push({ name: `r${k}`, read: all, invoke: 20_000 + k, completion: 20_010 + k });
  const start = performance.now();
  expect(growOnlySet(operations).verdict).toBe("valid");
  expect(performance.now() - start).toBeLessThan(2_000);
  expect(growOnlySet(operations, { bytes: 1_000_000 }).verdict).toBe("unknown");
});

test("a cycle gives the reason of each of its steps", () => {
  expect(growOnlySet([add(1, 0, 1), add(2, 2, 3), read([2], 4, 5)])).toMatchObject({
    evidence: {
      summary: expect.stringMatching(
        /add\(1\) \(add 1\) had answered before .* began; .* lacks 1\.|lacks 1; add\(1\) \(add 1\) had answered before/,
      ),
    },
  });
  expect(growOnlySet([add(1, 0), add(2, 1), read([1], 2, 4), read([2], 3, 5)])).toMatchObject({
    evidence: {
      summary: expect.stringMatching(/^No order explains .*(shows|lacks) [12].*(shows|lacks) [12].*(shows|lacks) [12]/),
    },
  });
});
