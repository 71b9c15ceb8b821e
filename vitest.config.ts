import { defineConfig } from "vitest/config";

/** Tests that start processes and watch how long things take: one file after the other, so that none starves another. */
const processes = [
  "harness/stack/native/**/*.test.ts",
  "harness/stack/conformance/**/*.test.ts",
  "harness/case/healing.test.ts",
  "harness/session/vitest/end-to-end.test.ts",
  "harness/commands/**/*.test.ts",
  "harness/play/**/*.test.ts",
  "harness/bench/**/*.test.ts",
  "harness/world/stripe/stacks.test.ts",
];

export default defineConfig({
  test: {
    // one line per test, no window that redraws itself: the properties tell of their progress themselves
    reporters: [["default", { summary: false }]],
    projects: [
      {
        test: {
          name: "unit",
          include: ["{harness,src,properties}/**/*.test.ts"],
          exclude: ["**/node_modules/**", ...processes],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "processes",
          include: processes,
          fileParallelism: false,
          maxWorkers: 1,
          // a real server on a busy machine takes its time
          testTimeout: 180_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "properties",
          include: ["properties/**/*.property.ts"],
          globalSetup: "harness/session/vitest/global-setup.ts",
          setupFiles: "harness/session/vitest/setup.ts",
          // one process holds the stacks for the whole run; BUDGET bounds a test, not a time-out
          pool: "forks",
          isolate: false,
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 0,
          hookTimeout: 0,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
