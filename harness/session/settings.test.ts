import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Plan } from "../plan/index.ts";
import { PLAN_FORMAT, type SavedPlan } from "./saved-plan.ts";
import { readSettings, SettingsError } from "./settings.ts";

const folder = mkdtempSync(path.join(tmpdir(), "settings-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const file = (content: unknown): string => {
  const name = path.join(folder, `${++files}.json`);
  writeFileSync(name, typeof content === "string" ? content : JSON.stringify(content));
  return name;
};

const read = (env: Record<string, string>) => readSettings(env, () => 0.5);
/** The message with which settings are refused. */
function refusal(env: Record<string, string>): string {
  try {
    read(env);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as Error).message;
  }
  throw new Error(`${JSON.stringify(env)} was taken`);
}

const plan: Plan = {
  operations: [
    { id: "o1", client: "c1", kind: "any", args: { amount: 3 } },
    { id: "o2", client: "c1", kind: "cancel", args: null, of: "o1", after: ["o1"] },
  ],
  faults: [{ id: "f1", kind: "cut-stream", at: { at: "operation", operation: "o1", point: "invoke", when: "after" } }],
};
const saved: SavedPlan = {
  format: PLAN_FORMAT,
  property: "money is conserved",
  invariant: "balance",
  stack: "native",
  summary: "",
  plan,
};

const mutant = {
  name: "last write wins",
  file: "src/durable-rpc/product.ts",
  find: 'if (await ctx.get("reserved")) return false;',
  replace: "",
  breaks: ["at most one winner"],
};

test("without any, all stacks are stormed for a while, from a seed of its own", () => {
  expect(read({})).toEqual({
    seed: 2 ** 30,
    budget: 20_000,
    stacks: ["simulated", "native"],
    mutants: [],
    services: {},
    full: true,
  });
});

test("what is asked for is taken", () => {
  const [replay, mutants] = [file(saved), file([mutant])];
  const choice = { ONLY: "balance, one winner,balance", SKIP: "linearizable" };
  const env = { SEED: "7", RUNS: "20", BUDGET: "1.5m", STACK: "native", REPLAY: replay, MUTANTS: mutants, ...choice };
  expect(read({ ...env, SUBJECT: "src/catalog.ts" })).toEqual({
    seed: 7,
    runs: 20,
    budget: 90_000,
    stacks: ["native"],
    replay: { ...saved, file: replay },
    subject: path.resolve("src/catalog.ts"),
    mutants: [mutant],
    only: ["balance", "one winner"],
    skip: ["linearizable"],
    services: { SUBJECT: "src/catalog.ts", MUTANTS: mutants },
    full: false,
  });
});

test.each([
  ["500ms", 500],
  ["20s", 20_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
])("BUDGET=%s is %d milliseconds", (text, milliseconds) => {
  expect(read({ BUDGET: text }).budget).toBe(milliseconds);
});

test("stacks are separated by commas, and each counts once", () => {
  expect(read({ STACK: "native, simulated,native" }).stacks).toEqual(["native", "simulated"]);
});

test.each([
  ["SEED", "0"],
  ["BUDGET", "1s"],
  ["STACK", "native"],
  ["ONLY", "linearizable"],
  ["SKIP", "linearizable"],
])("a run with %s is still a full one", (name, value) => {
  expect(read({ [name]: value }).full).toBe(true);
});

test.each([
  ["RUNS", "5"],
  ["SUBJECT", "src/catalog.ts"],
  ["MUTANTS", file([mutant])],
  ["REPLAY", file(saved)],
])("a run with %s is none", (name, value) => {
  expect(read({ [name]: value }).full).toBe(false);
});

describe("what makes no sense is refused, with the variable, its value, and what would make sense", () => {
  test.each([
    ["SEED", "", "whole number from 0 to 2147483647"],
    ["SEED", "-1", "whole number"],
    ["SEED", "1.5", "whole number"],
    ["SEED", "0x10", "whole number"],
    ["SEED", "abc", "whole number"],
    ["SEED", "2147483648", "2147483647"],
    ["RUNS", "0", "whole number from 1 to"],
    ["RUNS", "many", "whole number"],
    ["RUNS", "99999999999", "10000000"],
    ["BUDGET", "20", "with its unit, such as 500ms, 20s, 5m or 1h"],
    ["BUDGET", "0s", "above zero"],
    ["BUDGET", "-5s", "above zero"],
    ["BUDGET", "5 s", "unit"],
    ["BUDGET", "5 parsecs", "unit"],
    ["STACK", "", "simulated, native"],
    ["STACK", "docker", "simulated, native"],
    ["STACK", "native;simulated", "separated by commas"],
    ["ONLY", "", "names of invariants"],
    ["SKIP", "balance,,order", "separated by commas"],
    ["SUBJECT", "nowhere.ts", "no such file"],
    ["REPLAY", "nowhere.json", "no such file"],
    ["MUTANTS", "nowhere.json", "no such file"],
    ["REPLAY", path.resolve("src"), "is no file"],
  ])("%s=%s", (name, value, right) => {
    const message = refusal({ [name]: value });
    expect(message).toMatch(new RegExp(`^${name}=${value}`.replace(/[.]/g, "\\.")));
    expect(message).toContain(right);
  });

  const without = <T extends object>(value: T, field: keyof T): T => {
    const { [field]: _, ...rest } = value;
    return rest as T;
  };
  const fault = plan.faults[0]!;
  const [first, second] = plan.operations as [Plan["operations"][number], Plan["operations"][number]];

  test.each<[string, unknown, string]>([
    ["no JSON", "{", "is not JSON"],
    ["null", null, "expected object, received null"],
    ["a list", [], "expected object, received array"],
    ["no format", without(saved, "format"), "its format is 1, and this version reads 2: storm again with the seed"],
    [
      "an older format",
      { ...saved, format: 1 },
      "its format is 1, and this version reads 2: storm again with the seed",
    ],
    ["a newer format", { ...saved, format: 3 }, "its format is 3, and this version reads 2: it was saved by another"],
    ["no property", without(saved, "property"), "at property"],
    ["no plan", without(saved, "plan"), "at plan"],
    ["no operations", { ...saved, plan: { ...plan, operations: [] } }, "plan.operations is empty"],
    ["no faults", { ...saved, plan: without(plan, "faults") }, "at plan.faults"],
    [
      "an operation without client",
      { ...saved, plan: { ...plan, operations: [without(first, "client")] } },
      "at plan.operations[0].client",
    ],
    ["two of one id", { ...saved, plan: { ...plan, operations: [first, first] } }, 'two operations have the id "o1"'],
    ["an unknown of", { ...saved, plan: { ...plan, operations: [first, { ...second, of: "o9" }] } }, '"o9"'],
    ["an unknown after", { ...saved, plan: { ...plan, operations: [first, { ...second, after: ["o8"] }] } }, '"o8"'],
    [
      "an unknown at",
      { ...saved, plan: { ...plan, operations: [{ ...first, at: { ...fault.at, operation: "o7" } }] } },
      '"o7"',
    ],
    [
      "a fault at none",
      { ...saved, plan: { ...plan, faults: [{ ...fault, at: { ...fault.at, operation: "o6" } }] } },
      '"o6"',
    ],
    [
      "a heal at none",
      { ...saved, plan: { ...plan, faults: [{ ...fault, heal: { ...fault.at, operation: "o4" } }] } },
      '"o4"',
    ],
    [
      "an order of none",
      { ...saved, plan: { ...plan, happensBefore: [{ first: fault.at, second: { ...fault.at, operation: "o5" } }] } },
      '"o5"',
    ],
    [
      "an unknown kind",
      { ...saved, plan: { ...plan, faults: [{ ...fault, kind: "earthquake" }] } },
      "cut-stream, cut-connection",
    ],
    ["a fault that is none", { ...saved, plan: { ...plan, faults: [null] } }, "at plan.faults[0]"],
    [
      "no arguments",
      { ...saved, plan: { ...plan, operations: [without(first, "args")] } },
      "at plan.operations[0].args",
    ],
    [
      "a word that no plan knows",
      { ...saved, plan: { ...plan, operations: [{ ...first, mode: "dance" }] } },
      'Unrecognized key: "mode"',
    ],
    ["two faults of one id", { ...saved, plan: { ...plan, faults: [fault, fault] } }, 'two faults have the id "f1"'],
    [
      "an of that is no interruption's",
      { ...saved, plan: { ...plan, operations: [first, { ...second, kind: "any" }] } },
      'the operation "o2" has an "of", which only attach, cancel and terminate have',
    ],
    [
      "operations that wait for each other",
      { ...saved, plan: { ...plan, operations: [{ ...first, after: ["o2"] }, second] } },
      "operations wait for each other: o1 after o2 after o1",
    ],
    [
      "a cancellation of nothing",
      { ...saved, plan: { ...plan, operations: [first, without(second, "of")] } },
      'has no "of"',
    ],
    ...[{ at: "nowhere" }, { operation: 1 }, { when: "during" }, { point: "middle" }, { at: "effect", call: 0 }].map(
      (odd): [string, unknown, string] => [
        `the moment ${JSON.stringify(odd)}`,
        { ...saved, plan: { ...plan, faults: [{ ...fault, at: { ...fault.at, ...odd } }] } },
        "at plan.faults[0].at",
      ],
    ),
  ])("REPLAY with %s", (_, content, right) => {
    const name = file(content);
    const message = refusal({ REPLAY: name });
    expect(message).toContain(`REPLAY=${name}: `);
    expect(message).toContain(right);
  });

  test.each<[string, unknown, string]>([
    ["no JSON", "[", "is not JSON"],
    ["no list", {}, "list of patches {name, file, find, replace, breaks}"],
    ["an empty list", [], "list of patches"],
    ["null in the list", [null], 'patch 1 has no "name"'],
    ["no name", [without(mutant, "name")], 'patch 1 has no "name"'],
    ["no find", [mutant, without(mutant, "find")], 'patch 2 has no "find"'],
    ["no breaks", [without(mutant, "breaks")], '"breaks"'],
    ["no such file", [{ ...mutant, file: "src/nowhere.ts" }], "src/nowhere.ts"],
    [
      "no match",
      [{ ...mutant, find: "no such text" }],
      "occurs 0 times in src/durable-rpc/product.ts, and must occur exactly once",
    ],
    ["two matches", [{ ...mutant, find: '"reserved"' }], "must occur exactly once"],
  ])("MUTANTS with %s", (_, content, right) => {
    const name = file(content);
    const message = refusal({ MUTANTS: name });
    expect(message).toContain(`MUTANTS=${name}: `);
    expect(message).toContain(right);
  });
});

describe("what looks like a variable of ours, misspelt", () => {
  test.each([
    ["BUDGT", "BUDGET"],
    ["BUGDET", "BUDGET"],
    ["SEEDS", "SEED"],
    ["STACKS", "STACK"],
    ["RUN", "RUNS"],
    ["MUTANT", "MUTANTS"],
    ["SUBJEKT", "SUBJECT"],
    ["REPLAI", "REPLAY"],
    ["ONYL", "ONLY"],
    ["SKPI", "SKIP"],
  ])("%s is refused: %s is meant", (name, meant) => {
    expect(refusal({ [name]: "7" })).toBe(`${name}=7: there is no such variable; is ${meant} meant?`);
  });

  test.each([
    ...["STACK_TRACE", "STACK_NAME", "MY_SEED", "seed", "Budget", "SEED2", "PATH", "HOME", "SHELL", "SHLVL", "TERM"],
    ...["USER", "LANG", "PWD", "CI", "TEST", "MODE", "PROD", "DEV", "NODE", "SPEED", "RELAY", "SHIP", "STOCK", "FEED"],
    ...["SUBJECTIVE", "DEBUG", "EDITOR", "DISPLAY", "PAGER", "SUDO", "SSH", "TZ", "BUDGETING", ""],
  ])("%j is somebody else's", (name) => {
    expect(read({ [name]: "7" }).full).toBe(true);
  });

  test("one that is not set is none", () => {
    expect(readSettings({ BUDGT: undefined }, () => 0.5).budget).toBe(20_000);
  });
});
