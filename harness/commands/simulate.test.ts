import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { PLAN_FORMAT } from "../session/index.ts";
import { projectRoot } from "../stack/index.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "simulate-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const reserve = (n: number) => ({
  id: `o${n}`,
  client: `c${n}`,
  kind: "reserve",
  args: { product: "@p1", reservation: `@r${n}` },
});
const property = "a product is reserved once, and everyone is told the same";
const about = { format: PLAN_FORMAT, property, invariant: "linearizable", stack: "simulated", summary: "" };
function saved(name: string, content: object): string {
  const file = path.join(scratch, name);
  writeFileSync(
    file,
    JSON.stringify({ ...about, plan: { operations: [reserve(1), reserve(2)], faults: [] }, ...content }),
  );
  return file;
}
const plan = saved("plan.json", {});

function simulate(...args: string[]) {
  const env = { ...process.env, SUBJECT: undefined, MUTANTS: undefined };
  const options = { cwd: projectRoot, env, encoding: "utf8", timeout: 30_000 } as const;
  return spawnSync(process.execPath, ["harness/commands/simulate.ts", ...args], options);
}

test("a run is told with its plan, what happened, what it contradicts, and its trace", () => {
  const { status, stdout, stderr } = simulate(plan, "last write wins");
  expect(status, stderr).toBe(1);
  expect(stdout).toMatch(/^o1: client c1: reserve\(product: @p1, reservation: @r1\)$/m);
  expect(stdout).toMatch(/^ +\d+\.\d{3} {2}o2: answer 200 true$/m);
  expect(stdout).toMatch(/^breaks the invariant at most one winner: .*\n {2}expected {2}one$/m);
  expect(stdout).toMatch(/^breaks the invariant linearizable: .*\n {2}expected {2}.*\n {2}seen {6}@p1\.reserve/m);
  expect(stdout).toMatch(/\ntrace [0-9a-f]{16}\n$/);
  expect(stdout).not.toMatch(/inv_|spa{12}/);
  expect(simulate(plan)).toMatchObject({ status: 0, stdout: expect.stringContaining("\nall invariants hold\n") });
});

test.each<[string, string[], string]>([
  ["no plan", [], "npm run simulate -- PLAN"],
  ["a file that is not there", ["nowhere.json"], "nowhere.json: there is no such file"],
  ["a folder", [scratch], "is no file"],
  ["no saved plan", [saved("no-plan.json", { plan: {} })], "is not a saved plan"],
  ["an unknown property", [saved("unknown.json", { property: "luck" })], 'there is no property "luck"; there are\n  '],
  ["an unknown mutant", [plan, "no such bug"], 'no mutant\'s name contains "no such bug"; there are\n'],
  ["the name of several mutants", [plan, "in memory"], "several mutants' names contain"],
])("%s is refused, with what would make sense", (_, args, message) => {
  const { status, stdout, stderr } = simulate(...args);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^stormproof: /);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^ +at /m);
});
