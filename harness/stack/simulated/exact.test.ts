import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { makeBundle } from "../bundle.ts";
import type { Bundle } from "../stack.ts";
import { Shelf } from "./busy.fixture.ts";
import { SimulatedStack } from "./index.ts";
import { callAll } from "./parallel-runs.fixture.ts";

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
let bundle: Bundle;

beforeAll(async () => {
  bundle = await makeBundle(
    { module: here("parallel.fixture.ts") },
    { patterns: ["parallel"], environment: {}, external: {} },
  );
});

async function started(): Promise<SimulatedStack> {
  const stack = await SimulatedStack.start({ seed: 0 });
  await stack.load(bundle);
  stack.guard(new Shelf());
  return stack;
}

test("steps side by side: a run is the same when it is the first, after 50 others, and alone in another process", async () => {
  const stack = await started();
  const hashOf = async (seed: number): Promise<string> => {
    await stack.run(() => callAll(stack), { seed });
    return stack.traceHash();
  };
  const seeds = [1, 2, 3];
  const first: string[] = [];
  for (const seed of seeds) first.push(await hashOf(seed));
  for (let other = 100; other < 150; other++) await hashOf(other);
  const after: string[] = [];
  for (const seed of seeds.toReversed()) after.unshift(await hashOf(seed));
  expect(after).toEqual(first);
  const alone = seeds.map((seed) => {
    const script = [here("parallel-runs.fixture.ts"), JSON.stringify(bundle), String(seed)];
    return execFileSync(process.execPath, script, { encoding: "utf8" }).trim();
  });
  expect(alone).toEqual(first);
});

test("steps side by side are executed in every order, as the seed decides", async () => {
  const stack = await started();
  const orders = new Set<string>();
  const winners = new Set<string>();
  const firsts = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const answers = await stack.run(() => callAll(stack), { seed });
    const [[, order], [, winner], [, first]] = answers as [number, string][] as [
      [number, string],
      [number, string],
      [number, string],
    ];
    orders.add(order);
    winners.add(winner);
    firsts.add(first);
  }
  expect([...orders].sort()).toEqual(["abc", "acb", "bac", "bca", "cab", "cba"]);
  expect([...winners].sort()).toEqual(["a", "b", "c"]);
  expect([...firsts].sort()).toEqual(["a", "b", "c"]);
});
