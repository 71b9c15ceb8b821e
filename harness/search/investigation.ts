import type { Judged } from "../case/index.ts";
import type { Evidence } from "../check/index.ts";
import { faultKind, faultKinds } from "../faults/index.ts";
import type { History } from "../history/index.ts";
import { type Plan, type Shrunk, shrink } from "../plan/index.ts";
import { held } from "./ordering.ts";

const SHRINK_BUDGET_MS = 60_000;
/** Runs of a candidate, where runs of the same plan differ. */
const RUNS_PER_CANDIDATE = 3;
/** Schedules under which a candidate is run, where runs of the same plan and schedule are alike. */
const SCHEDULES_PER_CANDIDATE = 10;
/** Replays of the smallest plan; fewer where each needs a real stack for itself. */
const REPLAYS = { exact: 100, shared: 20, exclusive: 10 };

/** Why a plan fails, made as small and as certain as the budget allows. */
export interface Investigated {
  plan: Plan;
  /** a run of the plan that failed */
  history: History;
  evidence: Evidence;
  rate: { failed: number; of: number };
  shrink: { runs: number; milliseconds: number; complete: boolean };
}

export interface Means {
  /** runs a plan; undefined when `over` said that it is not needed any more */
  judge(plan: Plan, over: () => boolean): Promise<Judged | undefined>;
  /** runs of the same plan are all alike */
  exact: boolean;
  /** milliseconds for shrinking; a minute when absent */
  budget?: number;
  signal?: AbortSignal;
}

/**
 * Shrinks a failing plan and measures how often it fails. A plan that fails every time stays one: its candidates must fail
 * in each of three runs. One that fails by luck is shrunk by candidates that fail in any of three, and then held to the
 * order of a failing run by ordering constraints. Where runs are exact, luck is the schedule: what nothing can be removed from under one
 * schedule is shrunk on under others. But what ties a plan to a moment goes only if it fails under all of them: a real
 * stack has a schedule of its own.
 */
export async function investigate(plan: Plan, first: Judged, invariant: string, means: Means): Promise<Investigated> {
  return new Investigation(first, invariant, means).run(plan);
}

class Investigation {
  readonly #invariant: string;
  readonly #means: Means;
  readonly #started = performance.now();
  /** which plans fail, where runs are exact */
  readonly #known = new Map<string, boolean>();
  #example: Judged;
  #runs = 0;

  constructor(first: Judged, invariant: string, means: Means) {
    this.#example = first;
    this.#invariant = invariant;
    this.#means = means;
  }

  async run(plan: Plan): Promise<Investigated> {
    const { plan: smallest, complete } = await (this.#means.exact
      ? this.#shrinkExactly(plan)
      : this.#shrinkByLuck(plan));
    const best = await this.#held(smallest);
    const replays = this.#goesOn() ? this.#replaysOf(best) : 1;
    const failed = await this.#failures(best, replays);
    const verdict = this.#example.verdicts[this.#invariant];
    return {
      plan: best,
      history: this.#example.history,
      evidence: verdict?.verdict === "invalid" ? verdict.evidence : { summary: "", events: [] },
      rate: { failed, of: replays },
      shrink: { runs: this.#runs, milliseconds: Math.round(performance.now() - this.#started), complete },
    };
  }

  async #shrinkExactly(plan: Plan): Promise<Shrunk> {
    const under = { ...plan, schedule: plan.schedule ?? 0 };
    const shrunk = await this.#shrink(under, async (one, untied) =>
      (await (untied ? this.#failsUnderAll(one) : this.#failsExactly(one))) ? one : undefined,
    );
    if (!shrunk.complete) return shrunk;
    return this.#shrink(shrunk.plan, async (one, untied) => {
      if (!untied) return this.#rescheduled(one);
      return (await this.#failsUnderAll(one)) ? one : undefined;
    });
  }

  async #shrinkByLuck(plan: Plan): Promise<Shrunk> {
    const steady = this.#goesOn() && (await this.#failsAlways(plan));
    const fails = (one: Plan) => (steady ? this.#failsAlways(one) : this.#failsOnce(one, RUNS_PER_CANDIDATE));
    return this.#shrink(plan, async (one) => ((await fails(one)) ? one : undefined));
  }

  #shrink(plan: Plan, fails: Parameters<typeof shrink>[2]): Promise<Shrunk> {
    return shrink(plan, faultKinds, fails, () => this.#goesOn());
  }

  /** The candidate with a schedule under which it fails, its own first. */
  async #rescheduled(candidate: Plan): Promise<Plan | undefined> {
    for (const rescheduled of schedulesOf(candidate)) if (await this.#failsExactly(rescheduled)) return rescheduled;
    return undefined;
  }

  async #failsUnderAll(candidate: Plan): Promise<boolean> {
    for (const rescheduled of schedulesOf(candidate)) if (!(await this.#failsExactly(rescheduled))) return false;
    return true;
  }

  /** Where runs are exact, each is made once. */
  async #failsExactly(plan: Plan): Promise<boolean> {
    const name = JSON.stringify(plan);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const fails = await this.#failsOnce(plan, 1);
    // one that was not run any more is not known
    if (this.#goesOn()) this.#known.set(name, fails);
    return fails;
  }

  async #held(plan: Plan): Promise<Plan> {
    if (this.#means.exact || !this.#goesOn()) return plan;
    const replays = this.#replaysOf(plan);
    const failed = await this.#failures(plan, replays);
    if (failed === replays) return plan;
    const measure = (candidate: Plan) => this.#failures(candidate, replays);
    return held(plan, this.#example.history, measure, failed, () => this.#goesOn(), replays);
  }

  #goesOn(): boolean {
    const { budget = SHRINK_BUDGET_MS, signal } = this.#means;
    return performance.now() - this.#started < budget && !signal?.aborted;
  }

  async #failsAlways(plan: Plan): Promise<boolean> {
    let passed = false;
    const results = await this.#repeat(
      plan,
      RUNS_PER_CANDIDATE,
      () => passed,
      (failed) => {
        passed ||= !failed;
      },
    );
    return !passed && results > 0;
  }

  async #failsOnce(plan: Plan, times: number): Promise<boolean> {
    let seen = false;
    await this.#repeat(
      plan,
      times,
      () => seen,
      (failed) => {
        seen ||= failed;
      },
    );
    return seen;
  }

  async #failures(plan: Plan, times: number): Promise<number> {
    let count = 0;
    await this.#repeat(
      plan,
      times,
      () => false,
      (failed) => {
        if (failed) count++;
      },
    );
    return count;
  }

  /** @returns how many runs there were: fewer when they were not needed any more */
  async #repeat(plan: Plan, times: number, over: () => boolean, heed: (failed: boolean) => void): Promise<number> {
    let runs = 0;
    await Promise.all(
      Array.from({ length: times }, async () => {
        const judged = await this.#means.judge(plan, over);
        if (!judged) return;
        runs++;
        this.#runs++;
        const failed = judged.verdicts[this.#invariant]?.verdict === "invalid";
        if (failed) this.#example = judged;
        heed(failed);
      }),
    );
    return runs;
  }

  #replaysOf({ faults }: Plan): number {
    if (this.#means.exact) return REPLAYS.exact;
    return faults.some(({ kind }) => faultKind(kind).exclusive) ? REPLAYS.exclusive : REPLAYS.shared;
  }
}

const schedulesOf = (plan: Plan): Plan[] =>
  Array.from({ length: SCHEDULES_PER_CANDIDATE }, (_, other) => ({ ...plan, schedule: (plan.schedule ?? 0) + other }));
