import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CaseRunner } from "../case/index.ts";
import { viewOf } from "../history/index.ts";
import { operation, type PropertyOptions } from "../property/index.ts";
import { propertyOf } from "../property/testing.ts";
import { startStack } from "../session/index.ts";
import { SystemUnderTest } from "../session/system-under-test.ts";
import { projectRoot } from "../stack/index.ts";
import { hasStruck } from "./crash-points.ts";
import { dryRun } from "./dry-run.ts";

let runner: CaseRunner;
beforeAll(async () => {
  const fixture = path.join(projectRoot, "harness", "search", "orders.fixture.ts");
  runner = new CaseRunner(await startStack("simulated"), await SystemUnderTest.load(fixture));
});
afterAll(() => runner.close());

const SCENARIO = "each invalid request is refused";
const order = operation({
  args: fc.constant({ item: "@i1", count: 3 }),
  request: (input) => ({ call: "strict/order", key: "@o1", input }),
});
const orderLax = operation({
  args: fc.constant({ item: "@i1", count: 3 }),
  request: (input) => ({ call: "lax/order", input }),
});

/** What a dry run finds out of a pattern of the fixture. */
async function dryRunOf(options: Partial<PropertyOptions> & Pick<PropertyOptions, "operations">) {
  const declared = propertyOf(options);
  await runner.serve(declared, []);
  const { property, profiles, crashPoints } = await dryRun(declared, runner);
  const plan = property.scenarios[SCENARIO]?.plan;
  const judged = plan && (await runner.judge(plan, property));
  return { declared, property, profiles, crashPoints, plan, judged };
}

test("a handler that refuses what its schema refuses passes, and all of it was asked for", async () => {
  const { property, plan, judged } = await dryRunOf({ pattern: "strict", operations: { order } });
  expect(plan?.operations.length).toBeGreaterThan(10);
  expect(new Set(plan?.operations.map(({ kind }) => kind))).toEqual(new Set(["invalid"]));
  expect(Object.values(judged?.verdicts ?? {}).map(({ verdict }) => verdict)).not.toContain("invalid");
  if (!judged) throw new Error("it was not run");
  const view = viewOf(judged.history);
  expect(view.operations.map(({ error }) => error?.code)).toEqual(plan?.operations.map(() => 400));
  expect(property.scenarios[SCENARIO]?.isReached(view)).toBe(true);
});

test("a handler that says what it takes, and takes anything, is found out", async () => {
  const { judged } = await dryRunOf({ pattern: "lax", operations: { orderLax } });
  expect(judged?.verdicts["bad input is refused"]).toMatchObject({ verdict: "invalid" });
});

test("a property may say that a handler takes any input", async () => {
  const { plan } = await dryRunOf({ pattern: "lax", operations: { orderLax }, anyInput: ["lax/order"] });
  expect(plan).toBeUndefined();
});

test("how many messages and calls each kind has is measured, bad input included", async () => {
  const { profiles } = await dryRunOf({ pattern: "strict", operations: { order } });
  expect(profiles.order).toMatchObject({ children: 0, effects: 0 });
  expect(profiles.order?.toServer).toBeGreaterThan(0);
  expect(profiles.invalid?.toServer).toBeGreaterThan(0);
});

test("storms draw bad input beside other operations, as soon as it is known, and each time for another key", async () => {
  const { declared, property, profiles } = await dryRunOf({ pattern: "strict", operations: { order } });
  const conditions = { faults: [], exclusive: false, profiles };
  const kindsIn = (of: typeof property) =>
    fc
      .sample(of.plans(conditions), { seed: 1, numRuns: 200 })
      .map(({ operations }) => operations.filter((one) => one.of === undefined));
  expect(
    kindsIn(declared)
      .flat()
      .every(({ kind }) => kind === "order"),
  ).toBe(true);
  const drawn = kindsIn(property);
  // a case in which all is refused says nothing: it comes about only when chance takes no other kind that is in play
  const idle = drawn.filter((operations) => operations.every(({ kind }) => kind === "invalid"));
  expect(idle.length).toBeLessThan(20);
  const invalid = drawn.flat().filter(({ kind }) => kind === "invalid");
  expect(invalid.length).toBeGreaterThan(100);
  const keys = invalid.map(({ args }) => JSON.stringify(args)).filter((text) => text.includes("strict/order"));
  expect(new Set(keys).size).toBe(keys.length);
});

test("crash points are every message of the first attempt of each handler and outcome, and each is struck", async () => {
  const { crashPoints, property } = await dryRunOf({ pattern: "strict", operations: { order } });
  const byHandler = Map.groupBy(crashPoints, ({ handler }) => handler);
  expect([...byHandler.keys()].sort()).toEqual(["strict/order: ok", "strict/order: refused 400"]);
  const struck: string[] = [];
  for (const { plan } of byHandler.get("strict/order: ok") ?? []) {
    const judged = await runner.judge(plan, property);
    if (!judged || !hasStruck(judged.history)) throw new Error(`nothing struck: ${JSON.stringify(plan)}`);
    const at = plan.faults[0] ?? plan.operations.at(-1);
    struck.push(at?.kind ?? "");
  }
  // the input, the output and the end: each lost or followed by a cut or a death, frozen, or followed by an interruption
  const kinds = Map.groupBy(struck, (kind) => kind);
  expect(kinds.get("cut-stream")?.length).toBe(2 * (kinds.get("cancel")?.length ?? 0));
  expect(kinds.get("terminate")?.length).toBe(kinds.get("zombie")?.length);
  expect(kinds.get("cancel")?.length).toBeGreaterThan(2);
});
