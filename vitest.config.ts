import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // one line per test, no window that redraws itself: the properties tell of their progress themselves
    reporters: [["default", { summary: false }]],
    projects: [
      { test: { name: "unit", include: ["{harness,src,properties}/**/*.test.ts"], testTimeout: 60_000 } },
      {
        test: {
          name: "properties",
          include: ["properties/**/*.property.ts"],
          globalSetup: "harness/run/vitest/global-setup.ts",
          setupFiles: "harness/run/vitest/setup.ts",
          // one process holds the stacks for the whole run; BUDGET bounds a test, not a time-out
          pool: "forks",
          isolate: false,
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 0,
          hookTimeout: 0,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
