import { expect, test } from "vitest";
import { Arena, Subject, startStack } from "../run/index.ts";
import { measureExactness } from "./exactness.ts";
import { allProperties } from "./properties.ts";

test("plans of every pattern give the same traces when they are run again in another order", async () => {
  const arena = new Arena(await startStack("simulated"), await Subject.load());
  try {
    for (const property of await allProperties()) {
      const { differing } = await measureExactness(arena, property, 50, 1);
      expect(differing, property.pattern).toEqual([]);
    }
  } finally {
    await arena.close();
  }
});
