import { expect, test } from "vitest";
import { compareProgramsOf, median } from "./campaign.ts";
import { withProgramChecker } from "./check.ts";

/** The programs of `npm test`: always the same ones. `npm run conformance` makes others. */
const PROGRAMS = 25;
const SEED = 1;

test("what the real server does with generated programs, the model does", { timeout: 900_000 }, async () => {
  const campaign = await withProgramChecker((checker) =>
    compareProgramsOf(checker, { programs: PROGRAMS, seed: SEED, shrinks: true }),
  );
  expect(campaign.failures).toEqual([]);
  expect(campaign.programs).toBe(PROGRAMS);
  expect(median(campaign.commands), "commands of a program: they are not tame").toBeGreaterThanOrEqual(8);
  expect(campaign.exact, "programs that were met message by message").toBeGreaterThan(PROGRAMS / 4);
});
