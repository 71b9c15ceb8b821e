import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Verdict } from "../check/index.ts";
import type { History } from "../history/index.ts";
import { type Plan, shrink } from "../plan/index.ts";
import type { Failure, PropertyProgress } from "../report/record.ts";
import type { Arena, Judged } from "./arena.ts";
import { faultKinds } from "./faults/index.ts";
import { pinned } from "./pins.ts";
import type { Property } from "./property.ts";

/** How much is searched, and when to stop. */
export interface Search {
  seed: number;
  /** cases that are generated; without a number, as many as the time allows */
  runs?: number;
  /** milliseconds for finding; shrinking has a budget of its own */
  budget: number;
  /** plans to run before anything is generated */
  first: Plan[];
  generate: boolean;
  /** milliseconds for shrinking; a minute when absent */
  shrinkBudget?: number;
  signal?: AbortSignal;
  /** only failures of these invariants count; all when absent */
  only?: readonly string[];
  progress(progress: PropertyProgress): void;
  /** saves a shrunk plan; answers the file and the command that replays it */
  save(plan: Plan, invariant: string, summary: string): { saved: string; replay: string };
}

/** Cases that need the stack for themselves come at the end of each batch. */
const BATCH = { shared: 36, alone: 4 };
const SHRINK_BUDGET_MS = 60_000;
/** A candidate of shrinking fails if any of so many runs fails. */
const RUNS_PER_CANDIDATE = 3;
const REPLAYS = 10;

interface Finding {
  plan: Plan;
  judged: Judged;
  invariant: string;
  /** the number of the generated case, from 1 */
  case?: number;
}

/** Storms one property on one stack: finds, shrinks, measures how often the smallest plan fails. */
export class Campaign {
  readonly #property: Property;
  readonly #arena: Arena;
  readonly #search: Search;
  readonly #progress: PropertyProgress;
  readonly #started = performance.now();
  #finding: Finding | undefined;
  #unknown: string | undefined;

  constructor(property: Property, arena: Arena, search: Search) {
    this.#property = property;
    this.#arena = arena;
    this.#search = search;
    this.#progress = {
      type: "property",
      property: property.name,
      pattern: property.pattern,
      stack: arena.stack.kind,
      verdict: "running",
      cases: 0,
      operations: 0,
      milliseconds: 0,
      faults: {},
      reaches: Object.fromEntries(Object.keys(property.reaches).map((name) => [name, 0])),
      invariants: Object.keys(property.invariants),
    };
  }

  /** Runs to the end of the budget, or to the first failure, and says how it ended. */
  async run(): Promise<PropertyProgress> {
    this.#tell();
    await this.#batch(this.#search.first.map((plan) => ({ plan })));
    if (this.#search.generate) await this.#generate();
    const progress = this.#progress;
    if (this.#finding) {
      progress.failure = await this.#investigate(this.#finding);
      progress.verdict = "failed";
      progress.reason = `${this.#finding.invariant}: ${progress.failure.evidence.summary}`;
    } else if (this.#search.signal?.aborted) progress.verdict = "interrupted";
    else if (this.#unknown !== undefined) {
      progress.verdict = "unknown";
      progress.reason = this.#unknown;
    } else {
      const missed = Object.entries(progress.reaches).flatMap(([name, count]) => (count === 0 ? [name] : []));
      progress.verdict = missed.length > 0 && this.#search.generate ? "vacuous" : "passed";
      if (progress.verdict === "vacuous") progress.reason = `never reached: ${missed.join("; ")}`;
    }
    this.#tell();
    return progress;
  }

  // --- finding

  async #generate(): Promise<void> {
    for (let number = 1; this.#goesOn(number); ) {
      const batch: { plan: Plan; case: number }[] = [];
      for (const [alone, size] of [
        [false, BATCH.shared],
        [true, BATCH.alone],
      ] as const)
        for (let i = 0; i < size && (this.#search.runs === undefined || number <= this.#search.runs); i++, number++)
          batch.push({ plan: this.#draw(number, alone), case: number });
      await this.#batch(batch);
    }
  }

  #goesOn(number: number): boolean {
    if (this.#finding || this.#search.signal?.aborted) return false;
    if (this.#search.runs !== undefined) return number <= this.#search.runs;
    return performance.now() - this.#started < this.#search.budget;
  }

  /** The plan of a case depends on the seed, the property and the number, and on nothing else. */
  #draw(number: number, alone: boolean): Plan {
    const digest = createHash("sha256").update(`${this.#search.seed} ${this.#property.name} ${number}`).digest();
    const shapes = faultKinds.filter(({ needs }) => needs.every((need) => this.#arena.stack.capabilities.has(need)));
    const [plan] = fc.sample(this.#property.plan(shapes, alone), { seed: digest.readInt32LE(0), numRuns: 1 });
    return plan!;
  }

  async #batch(cases: { plan: Plan; case?: number }[]): Promise<void> {
    await Promise.all(
      cases.map(async (one) => {
        // those that wait for their turn need not begin once there is something to investigate
        const judged = await this.#judge(one.plan, () => this.#isOver());
        if (!judged || this.#finding) return;
        this.#count(judged.history);
        for (const [invariant, verdict] of Object.entries(judged.verdicts))
          this.#weigh(one, judged, invariant, verdict);
      }),
    );
  }

  #isOver(): boolean {
    const { runs, budget, signal, generate } = this.#search;
    if (this.#finding || signal?.aborted) return true;
    return generate && runs === undefined && performance.now() - this.#started > budget * 1.2;
  }

  async #judge(plan: Plan, over: () => boolean): Promise<Judged | undefined> {
    return this.#arena.judge(plan, this.#property, over);
  }

  #weigh(one: { plan: Plan; case?: number }, judged: Judged, invariant: string, verdict: Verdict): void {
    if (verdict.verdict === "valid" || this.#finding) return;
    if (this.#search.only && !this.#search.only.includes(invariant)) return;
    if (verdict.verdict === "unknown") this.#unknown ??= `${invariant}: ${verdict.reason}`;
    else this.#finding = { ...one, judged, invariant };
  }

  #count({ plan, events, final: _ }: History): void {
    const progress = this.#progress;
    progress.cases++;
    progress.operations += plan.operations.length;
    for (const event of events) {
      if (event.type !== "fault" || event.phase === "healed") continue;
      progress.faults[event.kind] ??= { planned: 0, struck: 0 };
      const kind = progress.faults[event.kind]!;
      kind.planned++;
      if (event.phase === "struck") kind.struck++;
    }
    const history = { plan, events, final: _, stack: this.#arena.stack.kind };
    for (const [name, { met }] of Object.entries(this.#property.reaches)) if (met(history)) progress.reaches[name]!++;
    this.#tell();
  }

  #tell(): void {
    this.#progress.milliseconds = Math.round(performance.now() - this.#started);
    this.#search.progress(this.#progress);
  }

  // --- investigating

  async #investigate({ plan, judged, invariant, case: number }: Finding): Promise<Failure> {
    const { signal, seed, save } = this.#search;
    const started = performance.now();
    const deadline = started + (this.#search.shrinkBudget ?? SHRINK_BUDGET_MS);
    const goOn = () => performance.now() < deadline && !signal?.aborted;
    let runs = 0;
    let example = judged;
    const fails = async (candidate: Plan): Promise<boolean> => {
      const failing = await this.#failures(candidate, invariant, RUNS_PER_CANDIDATE, true);
      runs += failing.runs;
      if (failing.example) example = failing.example;
      return failing.failed > 0;
    };
    let { plan: smallest, complete } = await shrink(plan, faultKinds, fails, goOn);
    const replays = goOn() ? REPLAYS : 1;
    let rate = await this.#failures(smallest, invariant, replays, false);
    if (rate.failed < replays && goOn()) {
      const better = await pinned(
        smallest,
        example.history,
        async (candidate) => {
          const measured = await this.#failures(candidate, invariant, REPLAYS, false);
          runs += measured.runs;
          return measured.failed;
        },
        rate.failed,
        goOn,
      );
      smallest = better;
      rate = await this.#failures(smallest, invariant, replays, false);
    }
    if (rate.example) example = rate.example;
    const verdict = example.verdicts[invariant]!;
    const evidence = verdict.verdict === "invalid" ? verdict.evidence : { summary: "", events: [] };
    return {
      invariant,
      evidence,
      ...(number !== undefined && { seed, case: number }),
      plan: smallest,
      history: example.history,
      original: { operations: plan.operations.length, faults: plan.faults.length },
      shrink: { runs, milliseconds: Math.round(performance.now() - started), complete },
      rate: { failed: rate.failed, of: replays, stack: this.#arena.stack.kind },
      ...save(smallest, invariant, evidence.summary),
    };
  }

  /** Runs a plan several times and counts how often the invariant fails. */
  async #failures(
    plan: Plan,
    invariant: string,
    times: number,
    oneIsEnough: boolean,
  ): Promise<{ failed: number; runs: number; example?: Judged }> {
    let failed = 0;
    let runs = 0;
    let example: Judged | undefined;
    await Promise.all(
      Array.from({ length: times }, async () => {
        const judged = await this.#judge(plan, () => oneIsEnough && failed > 0);
        if (!judged) return;
        runs++;
        if (judged.verdicts[invariant]?.verdict !== "invalid") return;
        failed++;
        example ??= judged;
      }),
    );
    return { failed, runs, ...(example && { example }) };
  }
}
