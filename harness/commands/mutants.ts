/**
 * Proves that the harness can fail: plants each bug, storms its pattern, and says which invariant noticed it.
 *
 *     npm run mutants [-- WORD...]      only mutants whose pattern or name contains one of the labels
 *
 * The simulation finds and the real server confirms, unless STACK says otherwise.
 * A mutant is killed when an invariant that its `breaks` names fails on it, and the clean services pass the same shrunk
 * plan. The plan is then replayed on a fresh stack. Writes reports/mutants/mutants.json and the plans beside it; exits with
 * 1 if a mutant survives, or replays or is confirmed less than 9 times of 10; a simulation replays it 100 times of 100.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CaseRunner } from "../case/index.ts";
import { type Property, scriptedPlans } from "../property/index.ts";
import type { Failure } from "../record/index.ts";
import { Campaign, confirm, type DryRun, dryRun } from "../search/index.ts";
import {
  PLAN_FORMAT,
  readSettings,
  type Settings,
  type StackName,
  SystemUnderTest,
  savePlan,
  startStack,
} from "../session/index.ts";
import { type Mutant, projectRoot } from "../stack/index.ts";
import { allMutants, allProperties } from "./properties.ts";

const FOLDER = path.join(projectRoot, "reports", "mutants");
const REPLAYS = { exact: 100, real: 20 };
/** the part of the replays that must fail */
const LEAST = { exact: 1, real: 0.9 };
const MOST = { operations: 4, faults: 1 };

interface Row {
  pattern: string;
  mutant: string;
  /** the invariant that failed; absent when it survived */
  killedBy?: string;
  breaks: string[];
  stack: string;
  cases: number;
  /** of search, until the failure was found */
  found?: number;
  /** with shrinking, replays and confirmation */
  seconds: number;
  operations?: number;
  faults?: number;
  orders?: number;
  /** runs of one plan are all alike on the stack that found it */
  exact?: boolean;
  /** failures of the shrunk plan on a fresh stack */
  replays?: string;
  /** failures of the plan on the real server, of what a simulation found */
  confirmed?: string;
  /** the clean services pass the shrunk plan */
  clean?: boolean;
  plan?: string;
  /** why the plan is larger than most */
  note?: string;
}

/** Where to look for bugs: one stack that is used again and again, and clean services to compare with. */
interface Bench {
  settings: Settings;
  stack: StackName;
  subject: SystemUnderTest;
  mutated: CaseRunner;
  clean: CaseRunner;
  /** the real server, to confirm what a simulation finds */
  real?: CaseRunner;
  /** what generators must know, measured with clean services in the simulation */
  dryRun(property: Property): Promise<DryRun>;
  close(): Promise<void>;
}

async function hunt(bench: Bench, declared: Property, mutant: Mutant): Promise<Row> {
  const { settings, stack, mutated } = bench;
  await mutated.serve(declared, [mutant]);
  const started = performance.now();
  const { seed, runs, budget } = settings;
  const { property, profiles } = await bench.dryRun(declared);
  const progress = await new Campaign(property, mutated, {
    seed,
    profiles,
    ...(runs !== undefined && { runs }),
    budget,
    first: scriptedPlans(property),
    generate: true,
    only: mutant.breaks,
    progress: () => {},
    ...(bench.real && {
      confirm: async (...failure) => {
        await bench.real!.serve(property, [mutant]);
        return confirm(bench.real!, property, ...failure);
      },
    }),
    save: (plan, invariant, summary) =>
      savePlan(FOLDER, { format: PLAN_FORMAT, property: property.name, invariant, stack, summary, plan }),
  }).run();
  const row: Row = {
    pattern: property.pattern,
    mutant: mutant.name,
    breaks: mutant.breaks,
    stack,
    cases: progress.cases,
    seconds: seconds(performance.now() - started),
  };
  return progress.failure ? { ...row, ...(await replay(bench, property, mutant, progress.failure)) } : row;
}

async function replay(bench: Bench, property: Property, mutant: Mutant, failure: Failure): Promise<Partial<Row>> {
  const { plan, invariant, saved, confirmation, found } = failure;
  const fresh = new CaseRunner(await startStack(bench.stack), bench.subject);
  try {
    await fresh.serve(property, [mutant]);
    const times = REPLAYS[fresh.isExact ? "exact" : "real"];
    const failed = await fresh.failures(plan, property, invariant, times);
    await bench.clean.serve(property, []);
    const { operations, faults } = { operations: plan.operations.length, faults: plan.faults.length };
    return {
      killedBy: invariant,
      found: seconds(found!),
      operations,
      faults,
      orders: plan.happensBefore?.length ?? 0,
      exact: fresh.isExact,
      replays: `${failed}/${times}`,
      ...(confirmation && { confirmed: `${confirmation.failed}/${confirmation.of}` }),
      clean: (await bench.clean.failures(plan, property, invariant, 3)) === 0,
      plan: saved,
      ...((operations > MOST.operations || faults > MOST.faults) && {
        note: `no part of this plan could be left out${mutant.note === undefined ? "" : `: ${mutant.note}`}`,
      }),
    };
  } finally {
    await fresh.close();
  }
}

const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
const share = (ratio: string): number => {
  const [failed, of] = ratio.split("/").map(Number);
  return failed! / of!;
};
const good = ({ killedBy, exact, replays, clean, confirmed = "1/1" }: Row): boolean =>
  killedBy !== undefined &&
  clean === true &&
  share(replays!) >= LEAST[exact ? "exact" : "real"] &&
  share(confirmed) >= LEAST.real;

function print(row: Row): void {
  const columns = [
    good(row) ? "killed  " : row.killedBy ? "unsteady" : "SURVIVES",
    row.pattern.padEnd(22),
    row.mutant.padEnd(58),
    (row.killedBy ?? "-").padEnd(30),
    `${row.cases} cases`.padStart(10),
    row.found === undefined ? "" : `found in ${row.found} s,`,
    `${row.seconds} s`.padStart(7),
    row.killedBy
      ? `${row.operations} operations, ${row.faults} faults${row.orders ? `, ${row.orders} orders` : ""}`
      : "",
    row.replays ?? "",
    row.confirmed ? `real ${row.confirmed}` : "",
    row.clean === false ? "THE CLEAN SERVICES FAIL IT TOO" : "",
    row.note ?? "",
  ];
  console.log(columns.join("  ").trimEnd());
}

/** The properties that may notice a mutant: those of its pattern, or those that have an invariant which it breaks. */
const candidates = (properties: readonly Property[], mutant: Mutant, pattern?: string): Property[] =>
  properties
    .filter(({ expects }) => expects === undefined)
    .filter((property) =>
      pattern === undefined ? mutant.breaks.some((name) => name in property.invariants) : property.pattern === pattern,
    );

/** The first stack of the settings finds; after the simulation, the real server confirms. */
async function startBench(settings: Settings, subject: SystemUnderTest): Promise<Bench> {
  const [stack = "simulated", ...others] = settings.stacks;
  const runner = async (kind: StackName) => new CaseRunner(await startStack(kind), subject);
  const [mutated, clean, simulated] = [await runner(stack), await runner(stack), await runner("simulated")];
  const real = stack === "simulated" && others.includes("native") ? await runner("native") : undefined;
  const measured = new Map<Property, Promise<DryRun>>();
  const measure = async (property: Property): Promise<DryRun> => {
    await simulated.serve(property, []);
    return dryRun(property, simulated);
  };
  return {
    settings,
    stack,
    subject,
    mutated,
    clean,
    ...(real && { real }),
    dryRun(property) {
      const known = measured.get(property) ?? measure(property);
      measured.set(property, known);
      return known;
    },
    close: async () => {
      await Promise.all([mutated.close(), clean.close(), simulated.close(), real?.close()]);
    },
  };
}

async function main(): Promise<void> {
  const settings = readSettings(process.env, Math.random);
  if (settings.only || settings.skip)
    throw new Error("ONLY and SKIP mean nothing here: the invariants that count are those that a mutant breaks");
  const labels = process.argv.slice(2);
  const properties = await allProperties();
  const listed: { mutant: Mutant; pattern?: string }[] =
    settings.mutants.length > 0 ? settings.mutants.map((mutant) => ({ mutant })) : await allMutants();
  const chosen = listed.filter(
    ({ mutant, pattern = "" }) =>
      labels.length === 0 || labels.some((word) => `${pattern} ${mutant.name}`.includes(word)),
  );
  if (chosen.length === 0) throw new Error(`no mutant's pattern or name contains ${labels.join(" or ")}`);
  console.log(`seed ${settings.seed}: ${chosen.length} mutants on ${settings.stacks.join(", ")}`);
  const subject = await SystemUnderTest.load(settings.subject);
  const rows: Row[] = [];
  const bench = await startBench(settings, subject);
  try {
    for (const { mutant, pattern } of chosen) {
      let row: Row | undefined;
      for (const property of candidates(properties, mutant, pattern))
        if (!row?.killedBy) row = await hunt(bench, property, mutant);
      if (!row)
        throw new Error(`mutant "${mutant.name}": no property has one of the invariants ${mutant.breaks.join(", ")}`);
      rows.push(row);
      print(row);
    }
  } finally {
    await bench.close();
  }
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path.join(FOLDER, "mutants.json"), `${JSON.stringify({ seed: settings.seed, rows }, null, 2)}\n`);
  const killed = rows.filter(good).length;
  console.log(`\n${killed} of ${rows.length} killed; reports/mutants/mutants.json`);
  if (killed < rows.length) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`stormproof: ${(error as Error).message}`);
  process.exit(1);
}
