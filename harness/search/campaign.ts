import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { CaseRunner, Judged } from "../case/index.ts";
import type { Verdict } from "../check/index.ts";
import { faultKinds } from "../faults/index.ts";
import { type History, viewOf } from "../history/index.ts";
import type { Plan, Profiles } from "../plan/index.ts";
import { InvalidInputDefinition, type Property } from "../property/index.ts";
import type { Failure, PropertyProgress } from "../record/index.ts";
import type { Confirmation } from "./confirmation.ts";
import { type CrashPoint, hasStruck } from "./crash-points.ts";
import { investigate } from "./investigation.ts";
import { notBegun } from "./not-begun.ts";

/** How much is searched, and when to stop. */
export interface CampaignOptions {
  seed: number;
  /** what a dry run measured */
  profiles: Profiles;
  /** cases that are generated; without a number, as many as the time allows */
  runs?: number;
  /** milliseconds for finding; shrinking has a budget of its own */
  budget: number;
  /** plans to run before anything is generated */
  first: Plan[];
  generate: boolean;
  /** run where runs are exact, before anything is generated; they take none of the budget */
  crashPoints?: readonly CrashPoint[];
  /** milliseconds for shrinking; a minute when absent */
  shrinkBudget?: number;
  signal?: AbortSignal;
  /** only failures of these invariants count; all when absent */
  only?: readonly string[];
  progress(progress: PropertyProgress): void;
  /** asks another stack about a failure; absent where there is none to ask */
  confirm?(plan: Plan, history: History, invariant: string): Promise<{ plan: Plan; confirmation: Confirmation }>;
  /** saves a shrunk plan; answers the file and the command that replays it */
  save(plan: Plan, invariant: string, summary: string): { saved: string; replay: string };
}

/** Cases that need the stack for themselves come first in each batch, so that a short budget has some too. */
const BATCH = { exclusive: 4, shared: 40 };
/** A failure is certain enough when so much of its replays fail; else the search goes on, a few times. */
const CERTAIN = 0.9;
const MOST_FINDINGS = 6;
/** After so many cases, what has never succeeded has not merely been unlucky. */
const FULL_STORM = 100;
/** So often is a scenario tried again that a real stack, which may be busy, did not come to: alone, one after the other. */
const MORE_TRIES = 8;

/** What a campaign needs of a runner of cases. */
export type Runner = Pick<CaseRunner, "can" | "isExact" | "judge"> & {
  stack: Pick<CaseRunner["stack"], "kind" | "capabilities">;
};

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
  readonly #runner: Runner;
  readonly #options: CampaignOptions;
  /** what plans are drawn from: those that need the stack alone, and those that share it */
  readonly #plans: Record<"exclusive" | "shared", fc.Arbitrary<Plan>>;
  readonly #progress: PropertyProgress;
  readonly #started = performance.now();
  readonly #crashPoints: NonNullable<PropertyProgress["crashPoints"]> = {};
  #finding: Finding | undefined;
  /** the number of the case to generate next; 0 while the given plans have not been run */
  #next = 0;
  /** milliseconds spent on finding */
  #searched = 0;
  #unknown: string | undefined;

  constructor(property: Property, runner: Runner, options: CampaignOptions) {
    this.#property = property;
    this.#runner = runner;
    this.#options = options;
    const faults = faultKinds.filter(({ needs }) => needs.every((need) => runner.stack.capabilities.has(need)));
    const conditions = { faults, profiles: options.profiles };
    this.#plans = {
      exclusive: property.plans({ ...conditions, exclusive: true }),
      shared: property.plans({ ...conditions, exclusive: false }),
    };
    this.#progress = {
      ...notBegun(property, runner.stack.kind),
      ...(options.crashPoints && { crashPoints: this.#crashPoints }),
      scenarios: Object.fromEntries(Object.keys(property.scenarios).map((name) => [name, 0])),
    };
  }

  /** Runs to the end of the budget, or to a failure that can be repeated, and says how it ended. */
  async run(): Promise<PropertyProgress> {
    this.#tell();
    const progress = this.#progress;
    for (let found = 0; found < MOST_FINDINGS; found++) {
      await this.#find();
      if (!this.#finding) break;
      const failure = await this.#investigate(this.#finding);
      // one that fails only now and then, or only in the model, is kept in case that no better one is found
      if (!progress.failure || certainty(failure) > certainty(progress.failure)) progress.failure = failure;
      if (certainty(failure) >= CERTAIN || failure.invariant === this.#property.expects) break;
      this.#finding = undefined;
    }
    this.#conclude(progress);
    this.#tell();
    return progress;
  }

  #conclude(progress: PropertyProgress): void {
    const { signal, generate } = this.#options;
    const { expects } = this.#property;
    const empty = generate ? emptiness(progress, this.#property) : undefined;
    if (progress.failure && progress.failure.invariant === expects) {
      progress.verdict = "passed";
      progress.expected = expects;
    } else if (progress.failure) {
      progress.verdict = "failed";
      progress.reason = `${progress.failure.invariant}: ${progress.failure.evidence.summary}`;
    } else if (signal?.aborted) progress.verdict = "interrupted";
    else if (this.#unknown !== undefined) {
      progress.verdict = "unknown";
      progress.reason = this.#unknown;
    } else if (expects !== undefined) {
      progress.verdict = "failed";
      progress.reason = `the known hazard was not found: "${expects}" held in all ${progress.cases} cases`;
    } else if (empty !== undefined) {
      progress.verdict = "vacuous";
      progress.reason = empty;
    } else progress.verdict = "passed";
  }

  // --- finding

  async #find(): Promise<void> {
    const began = performance.now();
    const { first, generate } = this.#options;
    if (this.#next === 0) {
      this.#next = 1;
      const possible = first.filter((plan) => this.#runner.can(plan));
      if (possible.length < first.length) this.#progress.skipped = first.length - possible.length;
      await this.#batch(possible.map((plan) => ({ plan })));
      if (this.#runner.isExact && generate) await this.#crash();
    }
    while (generate && !this.#isOver(began)) await this.#batch(this.#draw(), began);
    if (generate && !this.#runner.isExact) await this.#tryAgain();
    this.#searched += performance.now() - began;
  }

  /** Every crash point of every handler. */
  async #crash(): Promise<void> {
    const points = (this.#options.crashPoints ?? []).filter(({ plan }) => this.#runner.can(plan));
    for (const { handler, plan } of points) {
      if (this.#finding || this.#options.signal?.aborted) return;
      const judged = await this.#case({ plan }, () => false);
      if (!judged) continue;
      const seen = entry(this.#crashPoints, handler, { of: 0, struck: 0, repeats: 0 });
      seen.of++;
      if (hasStruck(judged.history)) seen.struck++;
      seen.repeats += judged.history.events.filter(({ type }) => type === "repeat").length;
    }
  }

  /** What a real stack does takes as long as it takes: a scenario is missed for good when it was missed again and again. */
  async #tryAgain(): Promise<void> {
    for (const [name, { plan }] of Object.entries(this.#property.scenarios)) {
      const isMissed = () => this.#progress.scenarios[name] === 0 && !this.#finding && !this.#options.signal?.aborted;
      if (!this.#runner.can(plan)) continue;
      for (let tries = 0; tries < MORE_TRIES && isMissed(); tries++) await this.#batch([{ plan }]);
    }
  }

  #isOver(began: number): boolean {
    const { runs, budget, signal } = this.#options;
    if (this.#finding || signal?.aborted) return true;
    return runs === undefined ? this.#searched + performance.now() - began > budget : this.#next > runs;
  }

  /** The next cases: some that need the stack alone, some that share it. */
  #draw(): { plan: Plan; case: number }[] {
    const { runs = Number.POSITIVE_INFINITY } = this.#options;
    const batch: { plan: Plan; case: number }[] = [];
    for (const [exclusive, size] of [
      [true, BATCH.exclusive],
      [false, BATCH.shared],
    ] as const)
      for (let i = 0; i < size && this.#next <= runs; i++) {
        batch.push({ plan: this.#plan(this.#next, exclusive), case: this.#next });
        this.#next++;
      }
    return batch;
  }

  /** The plan of a case depends on the seed, the property and the number, and on nothing else. */
  #plan(number: number, exclusive: boolean): Plan {
    const digest = createHash("sha256").update(`${this.#options.seed} ${this.#property.name} ${number}`).digest();
    const [plan] = fc.sample(exclusive ? this.#plans.exclusive : this.#plans.shared, {
      seed: digest.readInt32LE(0),
      numRuns: 1,
    });
    return plan!;
  }

  async #batch(cases: { plan: Plan; case?: number }[], began?: number): Promise<void> {
    // those that wait for their turn need not begin once there is something to investigate, or the time is up
    const isOver = () => (began === undefined ? this.#finding !== undefined : this.#isOverdue(began));
    const run = (one: { plan: Plan; case?: number }) => this.#case(one, isOver);
    // where runs are exact the first failure is to be the same every time
    if (this.#runner.isExact) for (const one of cases) await run(one);
    else await Promise.all(cases.map(run));
  }

  async #case(one: { plan: Plan; case?: number }, isOver: () => boolean): Promise<Judged | undefined> {
    const judged = await this.#runner.judge(one.plan, this.#property, isOver);
    if (!judged || this.#finding) return undefined;
    this.#count(judged);
    // a known hazard hides nothing else
    const isExpected = ([invariant]: [string, Verdict]) => Number(invariant === this.#property.expects);
    const verdicts = Object.entries(judged.verdicts).sort((a, b) => isExpected(a) - isExpected(b));
    for (const [invariant, verdict] of verdicts) this.#weigh(one, judged, invariant, verdict);
    return judged;
  }

  #isOverdue(began: number): boolean {
    return this.#finding !== undefined || (this.#options.runs === undefined && this.#isOver(began));
  }

  #weigh(one: { plan: Plan; case?: number }, judged: Judged, invariant: string, verdict: Verdict): void {
    if (verdict.verdict === "valid" || this.#finding) return;
    if (this.#options.only && !this.#options.only.includes(invariant)) return;
    if (verdict.verdict === "unknown") this.#unknown ??= `${invariant}: ${verdict.reason}`;
    else this.#finding = { ...one, judged, invariant };
  }

  #count({ history, trace }: Judged): void {
    const progress = this.#progress;
    const view = viewOf(history);
    progress.cases++;
    progress.operations += view.operations.length;
    if (trace !== undefined) progress.trace = digest(`${progress.trace ?? ""} ${trace}`);
    for (const event of history.events) {
      if (event.type !== "fault" || event.phase === "healed") continue;
      const kind = entry(progress.faults, event.kind, { planned: 0, injected: 0 });
      kind.planned++;
      if (event.phase === "injected") kind.injected++;
    }
    for (const { kind, outcome } of view.operations)
      entry(progress.outcomes, kind, { ok: 0, fail: 0, info: 0 })[outcome]++;
    for (const { system, type } of view.ledger) {
      const calls = entry(progress.systems, system, { calls: 0, refusals: 0 });
      if (type !== "lapse") calls.calls++;
      if (type === "refusal") calls.refusals++;
    }
    for (const [name, scenario] of Object.entries(this.#property.scenarios))
      if (scenario.isReached(view)) progress.scenarios[name] = (progress.scenarios[name] ?? 0) + 1;
    this.#tell();
  }

  #tell(): void {
    this.#progress.milliseconds = Math.round(performance.now() - this.#started);
    this.#options.progress(this.#progress);
  }

  // --- investigating

  async #investigate({ plan, judged, invariant, case: number }: Finding): Promise<Failure> {
    const { seed, save, signal, shrinkBudget } = this.#options;
    const { shrink, rate, ...smallest } = await investigate(plan, judged, invariant, {
      judge: async (candidate, over) =>
        keepsBadInput(candidate, plan, this.#property)
          ? this.#runner.judge(candidate, this.#property, over)
          : undefined,
      exact: this.#runner.isExact,
      ...(shrinkBudget !== undefined && { budget: shrinkBudget }),
      ...(signal && { signal }),
    });
    const found = await this.#confirmed(smallest, { plan, judged, invariant });
    return {
      invariant,
      ...found,
      ...(number !== undefined && { seed, case: number }),
      found: Math.round(this.#searched),
      original: { operations: plan.operations.length, faults: plan.faults.length },
      shrink,
      rate: { ...rate, stack: this.#runner.stack.kind },
      ...save(found.plan, invariant, found.evidence.summary),
    };
  }

  /**
   * Asks another stack, where there is one. What it does not confirm of the smallest plan it may yet confirm of the one that
   * was found: in a simulation a moment can be left out that the real server needs.
   */
  async #confirmed(
    smallest: Pick<Failure, "plan" | "history" | "evidence">,
    { plan, judged, invariant }: Finding,
  ): Promise<Pick<Failure, "plan" | "history" | "evidence" | "confirmation">> {
    const { confirm } = this.#options;
    if (!confirm) return smallest;
    const best = { ...smallest, ...(await confirm(smallest.plan, smallest.history, invariant)) };
    const verdict = judged.verdicts[invariant];
    if (best.confirmation.failed / best.confirmation.of >= CERTAIN || verdict?.verdict !== "invalid") return best;
    const whole = await confirm(plan, judged.history, invariant);
    if (whole.confirmation.failed <= best.confirmation.failed) return best;
    return { ...whole, history: judged.history, evidence: verdict.evidence };
  }
}

/** Why a storm that found nothing proves nothing; undefined when it does prove something. */
function emptiness({ scenarios, outcomes, systems, cases }: PropertyProgress, { kinds }: Property): string | undefined {
  const missed = Object.entries(scenarios).flatMap(([name, count]) => (count === 0 ? [name] : []));
  if (missed.length > 0) return `never reached: ${missed.join("; ")}`;
  if (cases < FULL_STORM) return undefined;
  const maySucceed = (kind: string) => !(kinds.get(kind) instanceof InvalidInputDefinition);
  const idle = Object.entries(outcomes).find(([kind, { ok }]) => ok === 0 && maySucceed(kind));
  if (idle) return `not one operation of the kind ${idle[0]} succeeded, of ${idle[1].fail + idle[1].info}`;
  const closed = Object.entries(systems).find(([, { calls, refusals }]) => calls > 0 && calls === refusals);
  return closed && `the external system ${closed[0]} refused every one of ${closed[1].calls} calls`;
}

/** Bad input is not made smaller: it might make sense then, and to take it would be right. */
function keepsBadInput({ operations }: Plan, original: Plan, { kinds }: Property): boolean {
  const isBad = ({ kind }: Plan["operations"][number]) => kinds.get(kind) instanceof InvalidInputDefinition;
  const given = original.operations.filter(isBad);
  return operations.filter(isBad).every(({ args }) => given.some((one) => isDeepStrictEqual(one.args, args)));
}

/** The entry of a name, which begins as given. */
function entry<T>(entries: Record<string, T>, name: string, first: T): T {
  const known = entries[name] ?? first;
  entries[name] = known;
  return known;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** How much of the replays failed; of what a simulation found, those on the real server. */
const certainty = ({ rate, confirmation }: Failure): number =>
  (rate.failed / rate.of) * (confirmation ? confirmation.failed / confirmation.of : 1);
