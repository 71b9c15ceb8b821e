import fc from "fast-check";
import { expect, test } from "vitest";
import { programs } from "./generate.ts";
import { allSteps, awaitablesOf, invocationsOf, type Program, type Step } from "./program.ts";
import { shrink, smaller } from "./shrink.ts";

const everyStep = (steps: readonly Step[]): Step[] => [
  ...allSteps(steps),
  ...[...invocationsOf(steps)].flatMap((invocation) => everyStep(invocation.steps)),
];
const stepsOf = ({ requests }: Program): Step[] => requests.flatMap(({ steps }) => everyStep(steps));
const sizeOf = (program: Program): number => JSON.stringify(program).length;

test("what is smaller is smaller, and labelled anew", () => {
  for (const program of fc.sample(programs, { seed: 1, numRuns: 50 })) {
    for (const one of smaller(program)) {
      expect(sizeOf(one)).toBeLessThan(sizeOf(program) + 1);
      expect(one.requests.map(({ label }) => label)).toEqual(one.requests.map((_, i) => `${i}`));
    }
  }
});

test("what fails because of one step shrinks to it", async () => {
  const hasSignal = (program: Program) =>
    stepsOf(program).some((step) => awaitablesOf(step).some(({ begin }) => begin === "signal"));
  const all = fc.sample(programs, { seed: 2, numRuns: 40 }).filter(hasSignal);
  expect(all.length).toBeGreaterThan(5);
  for (const program of all) {
    const smallest = await shrink(program, async (one) => hasSignal(one));
    expect(smallest.fault).toBeUndefined();
    expect(stepsOf(smallest).length).toBeLessThan(stepsOf(program).length + 1);
  }
});
