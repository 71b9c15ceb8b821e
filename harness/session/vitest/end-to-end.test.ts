import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { readRecords } from "../../record/index.ts";
import { projectRoot } from "../../stack/index.ts";
import { family, isAlive, soon } from "../../stack/native/testing.ts";
import { PLAN_FORMAT } from "../saved-plan.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "end-to-end-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const running: ChildProcess[] = [];
/** How long the machine may take for what takes seconds when it has nothing else to do, in milliseconds. */
const PATIENCE = 120_000;
/** How long what has ended may take until the system has buried its last process. */
const BURIAL = 10_000;
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});
let folders = 0;
const freshFolder = (): string => path.join(scratch, `reports ${++folders}`);
function write(name: string, content: unknown): string {
  const file = path.join(scratch, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

/** The environment of a person: nothing of this test run in it. */
const bare = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^(VITEST.*|NODE_ENV|SEED|RUNS|BUDGET|STACK|REPLAY|SUBJECT|MUTANTS|ONLY|SKIP|STORMPROOF_.*)$/.test(name),
  ),
);

interface Run {
  process: ChildProcess;
  /** the folder that stands for `reports/` */
  reports: string;
  /** all that it has written so far */
  output(): string;
  ended: Promise<{ code: number | null; output: string }>;
}

/** Runs a command of a person, in a process group of its own, as a shell does. */
function run(command: string, args: string[], env: Record<string, string>): Run {
  const { STORMPROOF_REPORTS: reports = freshFolder() } = env;
  const child = spawn(command, args, {
    cwd: projectRoot,
    env: { ...bare, NO_COLOR: "1", STORMPROOF_REPORTS: reports, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, output }));
  return { process: child, reports, output: () => output, ended };
}
const vitest = (env: Record<string, string>, filter = "properties/durable-rpc"): Run =>
  run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", filter], env);

const reportOf = ({ reports }: Run): string => path.join(reports, "latest", "index.html");
const property = "a product is reserved once, and everyone is told the same";
const mutant = {
  name: "last write wins",
  file: "src/durable-rpc/product.ts",
  find: '      if (await ctx.get("reserved")) return false;\n',
  replace: "",
  breaks: ["at most one winner"],
};

/** vitest and its worker, what writes the report when they are killed, the reaper, Restate, one service process at work and one to spare */
const NATIVE_PROCESSES = 7;

test(
  "a failing run says all that it takes to see it again: by one command it fails again, on the clean services it does not; and it leaves nothing that runs",
  async () => {
    const failing = vitest({ STACK: "native", RUNS: "20", SEED: "7", MUTANTS: write("a mutant.json", [mutant]) });
    await soon(() => family(failing.process.pid!).length >= NATIVE_PROCESSES, PATIENCE);
    const processes = family(failing.process.pid!);
    const { code, output } = await failing.ended;
    await soon(() => !processes.some(isAlive), BURIAL);
    expect(code).toBe(1);
    for (const line of [
      /seed 7\b/,
      /breaks the invariant at most one winner/,
      /@p\d went to \w+ \(reserve\) and to \w+ \(reserve\)/,
      /expected +one$/m,
      /^ +(\w+): client \S+: reserve\(product: @p\d, reservation: @r\d\).*\n +(?!\1)\w+: client \S+: reserve\(/m,
      /fails +(\d+) of \1 runs on native/,
      /shrunk +from \d+ operations/,
    ])
      expect(output).toMatch(line);

    // the plan of a planted bug is no plan to be replayed first for ever
    expect(existsSync(path.join(failing.reports, "corpus"))).toBe(false);
    const plans = path.join(failing.reports, "latest", "plans");
    const [saved, ...others] = readdirSync(plans).map((name) => path.join(plans, name)) as [string];
    expect(others).toEqual([]);
    expect(output).toContain(`saved     ${path.relative(projectRoot, saved)}`);
    expect((JSON.parse(readFileSync(saved, "utf8")) as { property: string }).property).toBe(property);

    const report = readFileSync(reportOf(failing), "utf8");
    for (const words of [property, "at most one winner", " (reserve) and to "]) expect(report).toContain(words);
    const { started, properties, ended } = readRecords(path.dirname(reportOf(failing)));
    expect([started?.seed, started?.mutants, ended?.verdict]).toEqual([7, "last write wins", "failed"]);
    expect(properties).toMatchObject([{ verdict: "failed", failure: { saved: path.relative(projectRoot, saved) } }]);

    const commands = [...output.matchAll(/^ +replay +(.*)$/gm)].map(([, command]) => command!);
    expect(commands).toHaveLength(1);
    const again = run("sh", ["-c", commands[0]!], {});
    const without = vitest({ STACK: "native", REPLAY: saved }, "properties/");
    const [failed, passed] = await Promise.all([again.ended, without.ended]);
    expect(failed.code, failed.output).toBe(1);
    expect(failed.output).toContain("breaks the invariant at most one winner");
    expect(passed.code, passed.output).toBe(0);
    expect(readRecords(path.dirname(reportOf(without)))).toMatchObject({
      properties: [{ verdict: "passed", cases: 1 }],
      ended: { verdict: "passed" },
    });
  },
  3 * PATIENCE,
);

const about = { format: PLAN_FORMAT, property, invariant: "linearizable", stack: "simulated", summary: "" };
const operation = { id: "o1", client: "c1", kind: "status", args: { product: "@p1" } };
const operations = [operation];

test(
  "a plan that the project's own services fail is run first from then on",
  async () => {
    const reports = freshFolder();
    const plan = {
      operations,
      faults: [{ id: "f1", kind: "fail-call", at: { at: "effect", operation: "o1", call: 1, when: "before" } }],
    };
    const saved = { ...about, plan };
    mkdirSync(path.join(reports, "corpus"), { recursive: true });
    writeFileSync(path.join(reports, "corpus", "linearizable-1.json"), JSON.stringify(saved));
    const { code, output } = await vitest({ STACK: "simulated", RUNS: "1", STORMPROOF_REPORTS: reports }).ended;
    expect(code, output).toBe(0);
    // this pattern calls no external system: no storm of it has this fault, and it cannot be injected
    const { properties } = readRecords(path.join(reports, "latest"));
    expect(properties[0]!.faults["fail-call"]).toEqual({ planned: 1, injected: 0 });
  },
  PATIENCE,
);

test(
  "when the first violation is set aside, the run goes on to the next, and says what it did not judge",
  async () => {
    const storm = vitest({
      STACK: "simulated",
      RUNS: "20",
      MUTANTS: write("another mutant.json", [mutant]),
      SKIP: "at most one winner,linearizable",
    });
    const { code, output } = await storm.ended;
    expect(code).toBe(1);
    expect(output).toContain("breaks the invariant exactly one completed true");
    const { started, properties } = readRecords(path.dirname(reportOf(storm)));
    expect(started?.skip).toEqual(["at most one winner", "linearizable"]);
    expect(properties).toMatchObject([{ unjudged: ["at most one winner", "linearizable"] }]);
    expect(readFileSync(reportOf(storm), "utf8")).toContain("not judged: at most one winner · linearizable");
  },
  PATIENCE,
);

describe("what makes no sense is refused before anything is started", () => {
  const unknown = { ...about, property: "no such property", plan: { operations, faults: [] } };
  const odd = { ...about, plan: { operations: [{ ...operation, kind: "steal" }], faults: [] } };
  const old = { property, plan: { operations: [], faults: [] } };
  test.each<[string, string, string]>([
    ["SEED", "x", "must be a whole number from 0"],
    ["STACK", "cloud", 'there is no stack "cloud"; there are simulated, native'],
    ["REPLAY", write("no-plan.json", { property }), "is not a saved plan: "],
    ["REPLAY", write("old-plan.json", old), "its format is 1, and this version reads 2"],
    ["BUDGT", "5s", "there is no such variable; is BUDGET meant?"],
    ["ONLY", "no such invariant", 'no property has an invariant "no such invariant"; there are\n  '],
    ["SUBJECT", "nowhere.ts", "there is no such file"],
    ["MUTANTS", write("twice.json", [{ ...mutant, find: "reserved" }]), "and must occur exactly once"],
  ])(
    "%s=%s",
    async (name, value, message) => {
      const refused = vitest({ [name]: value });
      const { code, output } = await refused.ended;
      expect(code).toBe(1);
      expect(output).toContain(`stormproof: ${name}=${value}: `);
      expect(output).toContain(message);
      expect(output).not.toMatch(/^ +at .*:\d+:\d+/m);
      // not even a record was begun
      expect(existsSync(refused.reports)).toBe(false);
    },
    PATIENCE,
  );

  test.each<[string, Record<string, string>, string]>([
    ["a module without a catalog", { SUBJECT: write("no-catalog.mjs", {}) }, 'does not export "catalog"'],
    [
      "a plan of an unknown property",
      { REPLAY: write("unknown.json", unknown) },
      'no property named "no such property"',
    ],
    [
      "a plan of a kind that the property does not have",
      { REPLAY: write("odd.json", odd) },
      'the operation "o1" is of the kind "steal", which the property',
    ],
    [
      "a mutant of a file that is not served",
      {
        MUTANTS: write("unserved.json", [{ ...mutant, file: "src/serve.ts", find: 'from "./catalog.ts"' }]),
      },
      "src/serve.ts is not part of the subject",
    ],
  ])(
    "%s is refused as soon as that is known, and the report says so",
    async (_, env, message) => {
      const refused = vitest({ STACK: "simulated", ...env });
      const { code, output } = await refused.ended;
      expect(code).toBe(1);
      expect(output).toContain(message);
      expect(readRecords(path.dirname(reportOf(refused))).ended?.verdict).toBe("failed");
      expect(existsSync(reportOf(refused))).toBe(true);
    },
    PATIENCE,
  );
});

describe("a run that is ended from outside leaves a report of what was done, and nothing that runs", () => {
  /** A run that is in the midst of its cases. */
  async function midst(stack: string): Promise<{ storm: Run; processes: number[] }> {
    const storm = vitest({ STACK: stack, BUDGET: "5m" });
    const record = path.join(storm.reports, "latest", "run.jsonl");
    await soon(() => existsSync(record) && /"cases":[1-9]/.test(readFileSync(record, "utf8")), PATIENCE);
    return { storm, processes: family(storm.process.pid!) };
  }
  /** What the terminal and the system do, to the whole group or to one process. */
  const ends: [string, string, (pid: number) => void][] = [
    ["Ctrl-C", "native", (pid) => process.kill(-pid, "SIGINT")],
    ["Ctrl-C", "simulated", (pid) => process.kill(-pid, "SIGINT")],
    ["SIGTERM", "native", (pid) => process.kill(pid, "SIGTERM")],
    ["SIGKILL", "native", (pid) => process.kill(pid, "SIGKILL")],
    ["SIGKILL", "simulated", (pid) => process.kill(pid, "SIGKILL")],
  ];

  test.each(ends)(
    "%s, on the %s stack",
    async (how, stack, end) => {
      const { storm, processes } = await midst(stack);
      expect(processes.length).toBeGreaterThanOrEqual(stack === "native" ? NATIVE_PROCESSES : 2);
      end(storm.process.pid!);
      await soon(() => existsSync(reportOf(storm)) && !processes.some(isAlive), BURIAL);
      const { code, output } = await storm.ended;
      expect(code).not.toBe(0);
      const { properties, ended } = readRecords(path.dirname(reportOf(storm)));
      expect(properties).toMatchObject([{ property, verdict: "interrupted" }]);
      expect(properties[0]!.cases).toBeGreaterThan(0);
      expect(readFileSync(reportOf(storm), "utf8")).toContain("interrupted");
      if (how === "SIGKILL") return;
      expect(code).toBe(how === "Ctrl-C" ? 130 : 143);
      expect(ended?.verdict).toBe("interrupted");
      expect(output).toContain(`report: ${path.relative(projectRoot, reportOf(storm))}`);
    },
    2 * PATIENCE,
  );
});
