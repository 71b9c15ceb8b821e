import { expect, test } from "vitest";
import type { Json } from "../../plan/index.ts";
import type { Model, Observed } from "../model.ts";
import { type RegisterInput, register } from "../models/register.ts";
import { type Random, seeded } from "../simulate.ts";
import { isLinearizable } from "../testing.ts";
import { type Contradiction, contradiction } from "./contradiction.ts";
import { runSync, Sliced } from "./drive.ts";
import { Search } from "./search.ts";

function explain<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: Observed<Input, Output>[],
): Contradiction | undefined {
  const finding = runSync(new Search(model, operations));
  if (finding.verdict !== "invalid") return undefined;
  return runSync(new Sliced(10_000, (isOver) => contradiction(model, operations, finding, 1e9, isOver)));
}

function drawn(random: Random): Observed<RegisterInput, Json>[] {
  return Array.from({ length: 2 + random(5) }, () => {
    const call = random(12);
    const [a, b] = [random(2), random(2)];
    const times = { call, return: random(8) === 0 ? undefined : call + random(5) };
    const known = times.return !== undefined;
    if (random(2) === 0) return { ...times, input: { f: "read" }, output: known ? a : undefined };
    if (random(2) === 0) return { ...times, input: { f: "write", value: a }, output: known ? null : undefined };
    return { ...times, input: { f: "cas", from: a, to: b }, output: known ? random(2) === 0 : undefined };
  });
}

test("what is named is a contradiction whatever became of the rest, and without any part of it it is none", () => {
  const random = seeded(4);
  const model = register(0);
  const sizes = new Map<number, number>();
  for (let k = 0; k < 5_000; k++) {
    const operations = drawn(random);
    const found = explain(model, operations);
    if (found === undefined) continue;
    expect(found.minimal).toBe(true);
    const set = (kept: readonly number[]) =>
      operations.map((o, i) => (kept.includes(i) ? o : { ...o, output: undefined, return: undefined }));
    expect(isLinearizable(model, set(found.operations))).toBe(false);
    for (const left of found.operations)
      expect(isLinearizable(model, set(found.operations.filter((other) => other !== left)))).toBe(true);
    sizes.set(found.operations.length, (sizes.get(found.operations.length) ?? 0) + 1);
  }
  // Not all of them are trivial.
  for (const size of [1, 2, 3]) expect(sizes.get(size)).toBeGreaterThan(50);
}, 60_000);

test("a stale read in a long history comes down to the few answers that matter", () => {
  const operations: Observed<RegisterInput, Json>[] = [];
  for (let k = 0; k < 100; k++) {
    operations.push({ input: { f: "write", value: k }, output: null, call: 4 * k, return: 4 * k + 1 });
    operations.push({ input: { f: "read" }, output: k, call: 4 * k + 2, return: 4 * k + 3 });
  }
  operations.push({ input: { f: "read" }, output: 75, call: 2_000, return: 2_001 });
  const found = explain(register(0), operations)!;
  expect(found.minimal).toBe(true);
  // That the write of 75 had ended, that another one had begun and ended after that, and the read.
  expect(found.operations).toHaveLength(3);
  expect(found.operations).toContain(150);
  expect(found.operations).toContain(200);
}, 60_000);

test("out of time it says that there may be a smaller one", () => {
  const operations: Observed<RegisterInput, Json>[] = [
    { input: { f: "write", value: 1 }, output: null, call: 0, return: 1 },
    { input: { f: "write", value: 1 }, output: null, call: 2, return: 3 },
    { input: { f: "read" }, output: 0, call: 4, return: 5 },
  ];
  const finding = runSync(new Search(register(0), operations));
  if (finding.verdict !== "invalid") return expect.unreachable();
  const found = runSync(new Sliced(0, (isOver) => contradiction(register(0), operations, finding, 1e9, isOver)));
  expect(found).toEqual({ operations: [0, 1, 2], minimal: false });
});
