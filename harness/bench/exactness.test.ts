import { expect, test } from "vitest";
import { CaseRunner } from "../case/index.ts";
import { allProperties } from "../commands/index.ts";
import { SystemUnderTest, startStack } from "../session/index.ts";
import { measureExactness } from "./exactness.ts";

test("plans of every pattern give the same traces when they are run again in another order", async () => {
  const runner = new CaseRunner(await startStack("simulated"), await SystemUnderTest.load());
  try {
    for (const property of await allProperties()) {
      const { differing } = await measureExactness(runner, property, 50, 1);
      expect(differing, property.pattern).toEqual([]);
    }
  } finally {
    await runner.close();
  }
});
