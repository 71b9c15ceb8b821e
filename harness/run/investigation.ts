import type { Evidence } from "../check/index.ts";
import type { History } from "../history/index.ts";
import { type Plan, shrink } from "../plan/index.ts";
import type { Judged } from "./arena.ts";
import { faultKind, faultKinds } from "./faults/index.ts";
import { pinned } from "./pins.ts";

const SHRINK_BUDGET_MS = 60_000;
/** Runs of a candidate, where runs of the same plan differ. */
const RUNS_PER_CANDIDATE = 3;
/** Replays of the smallest plan; fewer where each needs the stack for itself. */
const REPLAYS = { shared: 20, alone: 10 };

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
 * order of a failing run by pins.
 */
export async function investigate(plan: Plan, first: Judged, invariant: string, means: Means): Promise<Investigated> {
  return new Investigation(first, invariant, means).run(plan);
}

class Investigation {
  readonly #invariant: string;
  readonly #means: Means;
  readonly #started = performance.now();
  #example: Judged;
  #runs = 0;

  constructor(first: Judged, invariant: string, means: Means) {
    this.#example = first;
    this.#invariant = invariant;
    this.#means = means;
  }

  async run(plan: Plan): Promise<Investigated> {
    const times = this.#means.exact ? 1 : RUNS_PER_CANDIDATE;
    const steady = this.#goesOn() && (await this.#failsAlways(plan, times));
    const fails = (candidate: Plan) =>
      steady ? this.#failsAlways(candidate, times) : this.#failsOnce(candidate, times);
    const { plan: smallest, complete } = await shrink(plan, faultKinds, fails, () => this.#goesOn());
    const best = await this.#pinned(smallest);
    const replays = this.#goesOn() ? replaysOf(best) : 1;
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

  async #pinned(plan: Plan): Promise<Plan> {
    if (this.#means.exact || !this.#goesOn()) return plan;
    const replays = replaysOf(plan);
    const failed = await this.#failures(plan, replays);
    if (failed === replays) return plan;
    const measure = (candidate: Plan) => this.#failures(candidate, replays);
    return pinned(plan, this.#example.history, measure, failed, () => this.#goesOn());
  }

  #goesOn(): boolean {
    const { budget = SHRINK_BUDGET_MS, signal } = this.#means;
    return performance.now() - this.#started < budget && !signal?.aborted;
  }

  async #failsAlways(plan: Plan, times: number): Promise<boolean> {
    let passed = false;
    const results = await this.#repeat(
      plan,
      times,
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
}

const replaysOf = (plan: Plan): number =>
  plan.faults.some(({ kind }) => faultKind(kind).alone) ? REPLAYS.alone : REPLAYS.shared;
