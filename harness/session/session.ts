import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { CaseRunner } from "../case/index.ts";
import { faultLabels } from "../faults/index.ts";
import type { History } from "../history/index.ts";
import { GENERATOR_VERSION, type Plan } from "../plan/index.ts";
import { type Property, scriptedPlans } from "../property/index.ts";
import type { PropertyProgress, Recorder, RunStarted } from "../record/index.ts";
import { Campaign, type CampaignOptions, confirm, type DryRun, dryRun, notBegun } from "../search/index.ts";
import { projectRoot, type Stack } from "../stack/index.ts";
import { NativeStack, Processes } from "../stack/native/index.ts";
import { SimulatedStack } from "../stack/simulated/index.ts";
import { unserved } from "./fit.ts";
import { judged } from "./judged.ts";
import { misfit, PLAN_FORMAT, readSavedPlan, type SavedPlan } from "./saved-plan.ts";
import type { Settings, StackName } from "./settings.ts";
import { SystemUnderTest } from "./system-under-test.ts";

/** Runs write below `reports/`, or below the folder that STORMPROOF_REPORTS names: so two runs of one checkout coexist. */
const FOLDER = path.resolve(process.env.STORMPROOF_REPORTS || path.join(projectRoot, "reports"));
/** the record and the report of the last run */
export const REPORTS = path.join(FOLDER, "latest");
/** plans that the project's own services failed: every run begins with them */
const CORPUS = path.join(FOLDER, "corpus");
/** plans that planted bugs or another implementation failed: they say nothing of the project's own services */
const PLANS = path.join(REPORTS, "plans");
/** A known hazard is known: its plan need not be the smallest. */
const HAZARD_SHRINK_MS = 3_000;

/** The simulated stack's part of the time, where there are others. */
const SIMULATED_SHARE = 0.6;
/** How often the progress of a property is put on record. */
const RECORD_MS = 1_000;

/** What the properties of one run share: its settings, its stacks, its records. */
export class Session {
  readonly settings: Settings;
  readonly #recorder: Recorder;
  readonly #listener: (progress: PropertyProgress) => void;
  readonly #runners = new Map<StackName, Promise<CaseRunner>>();
  #systemUnderTest: Promise<SystemUnderTest> | undefined;
  #reportWriter: Processes | undefined;
  /** The test file whose properties are run, relative to the folder the run was started in: where to replay them. */
  file = "properties";

  /** @param listener hears of all progress */
  constructor(settings: Settings, recorder: Recorder, listener: (progress: PropertyProgress) => void) {
    this.settings = settings;
    this.#recorder = recorder;
    this.#listener = listener;
  }

  /** The stack of a kind, started when it is first asked for. @throws when it does not start */
  runner(kind: StackName): Promise<CaseRunner> {
    let runner = this.#runners.get(kind);
    if (!runner) {
      runner = this.#start(kind);
      this.#runners.set(kind, runner);
    }
    return runner;
  }

  async #start(kind: StackName): Promise<CaseRunner> {
    const systemUnderTest = await this.systemUnderTest();
    this.#reportWriter ??= this.#makeReportWriter();
    return new CaseRunner(await startStack(kind), systemUnderTest);
  }

  /** What is tested. @throws when it cannot be loaded */
  systemUnderTest(): Promise<SystemUnderTest> {
    this.#systemUnderTest ??= SystemUnderTest.load(this.settings.subject);
    return this.#systemUnderTest;
  }

  /** If this process dies before its time, something that outlives it writes the report. */
  #makeReportWriter(): Processes {
    const writer = new Processes();
    const write = fileURLToPath(new URL("../report/write.ts", import.meta.url));
    writer.onExit(process.execPath, [write, this.#recorder.directory]);
    return writer;
  }

  /**
   * Storms a property, or replays a plan of it, as the settings ask. Records how it went.
   * @throws when a stack does not start, or a mutant or a plan does not fit; that is on record as well
   */
  async run(whole: Property, kind: StackName, search: Partial<CampaignOptions> = {}): Promise<PropertyProgress> {
    const differs = await this.#differs(whole);
    const skip = [...(this.settings.skip ?? []), ...Object.keys(differs)];
    const { property, unjudged } = judged(whole, { ...this.settings, skip });
    const record = (progress: PropertyProgress): PropertyProgress => {
      const complete = {
        ...progress,
        ...(unjudged.length > 0 && { unjudged }),
        ...(Object.keys(differs).length > 0 && { differs }),
      };
      this.#recorder.record(complete);
      return complete;
    };
    try {
      return record(await this.#storm(property, kind, search, record));
    } catch (error) {
      record({ ...notBegun(property, kind), verdict: "failed", reason: (error as Error).message });
      throw error;
    }
  }

  /** What the implementation is declared not to keep. @returns nothing where it cannot be loaded: the storm will say why */
  async #differs(property: Property): Promise<Readonly<Record<string, string>>> {
    try {
      return (await this.systemUnderTest()).differs(property.pattern);
    } catch {
      return {};
    }
  }

  async #storm(
    declared: Property,
    kind: StackName,
    search: Partial<CampaignOptions>,
    record: (progress: PropertyProgress) => void,
  ): Promise<PropertyProgress> {
    const { seed, runs, stacks, replay, mutants, services, subject } = this.settings;
    if (Object.keys(declared.invariants).length === 0)
      return skipped(declared, kind, { reason: "none of its invariants is to be judged" });
    const runner = await this.runner(kind);
    // another implementation need not have every pattern
    if (subject !== undefined && !runner.patterns.includes(declared.pattern))
      return skipped(declared, kind, { reason: `the subject has no pattern "${declared.pattern}"` });
    const missing = unserved(declared, await this.systemUnderTest());
    if (missing !== undefined) throw new Error(missing);
    if (replay && !runner.can(replay.plan))
      return skipped(declared, kind, { reason: "it cannot do what the faults of the plan need", skipped: 1 });
    const saved = replay ? [replay.plan] : corpusPlans(declared);
    const given = replay ? saved : [...saved, ...scriptedPlans(declared)];
    const odd = given.map((plan) => misfit(plan, declared)).find((complaint) => complaint !== undefined);
    if (odd !== undefined) throw new Error(`${replay ? `REPLAY=${replay.file}` : "a plan of the property"}: ${odd}`);
    const {
      property,
      profiles,
      crashPoints = undefined,
    } = replay ? { property: declared, profiles: {} } : await this.#dryRun(declared);
    await runner.serve(property, mutants);
    let recorded = Number.NEGATIVE_INFINITY;
    const campaign = new Campaign(property, runner, {
      seed,
      profiles,
      ...(kind === "simulated" && crashPoints && { crashPoints }),
      ...(runs !== undefined && { runs }),
      budget: this.#budget(kind),
      first: replay ? saved : [...saved, ...scriptedPlans(property)],
      generate: replay === undefined,
      ...(property.expects !== undefined && { shrinkBudget: HAZARD_SHRINK_MS }),
      ...(kind === "simulated" &&
        property.expects === undefined &&
        stacks.includes("native") && { confirm: (...failure) => this.#confirm(property, ...failure) }),
      progress: (progress) => {
        this.#listener(progress);
        // what a run that is killed has done so far is to be in the report
        if (performance.now() - recorded < RECORD_MS) return;
        recorded = performance.now();
        record(progress);
      },
      save: (plan, invariant, summary) =>
        replay
          ? { saved: replay.file, replay: replayCommand(replay.file, kind, this.file, { ...services, SEED: seed }) }
          : savePlan(
              Object.keys(services).length > 0 || property.expects !== undefined ? PLANS : CORPUS,
              { format: PLAN_FORMAT, property: property.name, invariant, stack: kind, summary, plan },
              this.file,
              { ...services, SEED: seed },
            ),
      ...search,
    });
    return campaign.run();
  }

  /**
   * What generators must know of the kinds of operation: measured in the simulation and without planted bugs, so that a
   * seed means the same plans everywhere.
   */
  async #dryRun(property: Property): Promise<DryRun> {
    const runner = await this.runner("simulated");
    await runner.serve(property, []);
    return dryRun(property, runner);
  }

  /** The simulation finds, the real server confirms. */
  async #confirm(...[property, ...failure]: [Property, Plan, History, string]): ReturnType<typeof confirm> {
    const runner = await this.runner("native");
    await runner.serve(property, this.settings.mutants);
    return confirm(runner, property, ...failure);
  }

  /** Of several stacks the simulation gets the most: it finds, the others confirm. */
  #budget(kind: StackName): number {
    const { budget, stacks } = this.settings;
    if (stacks.length === 1) return budget;
    return kind === "simulated" ? budget * SIMULATED_SHARE : (budget * (1 - SIMULATED_SHARE)) / (stacks.length - 1);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#runners.values()].map(async (runner) => (await runner).close()));
    await this.#reportWriter?.close();
  }
}

const skipped = (property: Property, stack: StackName, why: Pick<PropertyProgress, "reason" | "skipped">) =>
  ({ ...notBegun(property, stack), verdict: "skipped", ...why }) satisfies PropertyProgress;

/** @throws when it does not start */
export const startStack = (kind: StackName): Promise<Stack> =>
  kind === "native" ? NativeStack.start() : SimulatedStack.start({ seed: 0 });

/** The first record of a run. */
export function runStarted(settings: Settings): RunStarted {
  const { seed, runs, budget, stacks, subject, replay, mutants, only, skip } = settings;
  const version = (name: string): string => {
    const manifest = path.join(projectRoot, "node_modules", name, "package.json");
    return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
  };
  return {
    type: "run",
    started: new Date().toISOString(),
    seed,
    generator: GENERATOR_VERSION,
    ...(runs === undefined ? { budget } : { runs }),
    stacks,
    labels: faultLabels,
    subject: path.relative(projectRoot, subject ?? path.join(projectRoot, "src", "catalog.ts")),
    ...(mutants.length > 0 && { mutants: mutants.map(({ name }) => name).join(", ") }),
    ...(replay && { replay: replay.file }),
    ...(only && { only }),
    ...(skip && { skip }),
    environment: {
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      "restate-server": version("@restatedev/restate-server"),
      "restate-sdk": version("@restatedev/restate-sdk"),
    },
  };
}

/** Plans that failed once, to be run before anything new. @throws when a file of the corpus is not a saved plan */
function corpusPlans(property: Property): Plan[] {
  let files: string[];
  try {
    files = readdirSync(CORPUS).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
  return files.sort().flatMap((name) => {
    const file = path.join(CORPUS, name);
    const saved = savedPlanIn(file);
    return saved.property === property.name ? [saved.plan] : [];
  });
}

/** @throws when the file is not a saved plan */
function savedPlanIn(file: string): SavedPlan {
  try {
    return readSavedPlan(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new Error(`${file} is not a saved plan: ${(error as Error).message}`);
  }
}

/**
 * Saves a plan below a folder; the same plan always gets the same name.
 * @param testFile the file of its property
 * @param variables those with which it failed: which services, and the seed
 */
export function savePlan(
  folder: string,
  saved: SavedPlan,
  testFile = "properties",
  variables: ReplayVariables = {},
): { saved: string; replay: string } {
  const text = `${JSON.stringify(saved, null, 2)}\n`;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const words = saved.invariant.replace(/[^a-z0-9]+/gi, "-").toLowerCase();
  const file = path.join(folder, `${words}-${hash}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, text);
  const relative = path.relative(process.cwd(), file);
  return { saved: relative, replay: replayCommand(relative, saved.stack, testFile, variables) };
}

type ReplayVariables = Settings["services"] & { SEED?: number };

function replayCommand(plan: string, stack: string, file: string, variables: ReplayVariables): string {
  const words = Object.entries({ STACK: stack, ...variables, REPLAY: plan }).map(
    ([name, value]) => `${name}=${quoted(String(value))}`,
  );
  return [...words, "npx vitest run", quoted(file)].join(" ");
}

/** The text as one word of a shell's command line. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
