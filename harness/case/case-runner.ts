import type { Verdict } from "../check/index.ts";
import { faultKind } from "../faults/index.ts";
import type { History } from "../history/index.ts";
import type { Plan } from "../plan/index.ts";
import type { Property } from "../property/index.ts";
import { type HandlerDescription, type Mutant, makeBundle, type Stack } from "../stack/index.ts";
import { systemsWith, World } from "../world/index.ts";
import { type CaseContext, runCase } from "./case.ts";
import type { Adapter } from "./contract.ts";
import { Quiescence } from "./quiescence.ts";
import { Semaphore } from "./semaphore.ts";
import { makeTag } from "./tag.ts";
import { TrafficRouter } from "./traffic-router.ts";

/** The services that are tested, as a runner of cases needs to know them. */
export interface Implementation {
  /** absolute path of the module that exports the catalog */
  module: string;
  alias: Readonly<Record<string, string>>;
  captures: boolean;
  patterns: readonly string[];
  /** the external systems of a pattern, as variables with their paths: FLIGHTS_URL -> "/flights" */
  external(pattern: string): Record<string, string>;
  adapter(pattern: string): Adapter | undefined;
}

/** How many cases share a real stack. */
const SHARED_CASES = 8;

/** A run of one plan, judged. */
export interface Judged {
  history: History;
  /** equal for runs in which the same happened, to the last message; only of exact runs */
  trace?: string;
  verdicts: Record<string, Verdict>;
}

/** A stack on which cases are run and judged: alone or side by side, as their faults allow. */
export class CaseRunner {
  readonly stack: Stack;
  readonly #implementation: Implementation;
  readonly #shared: Pick<CaseContext, "router" | "quiescence">;
  readonly #semaphore: Semaphore;
  #loaded = "";

  constructor(stack: Stack, implementation: Implementation) {
    this.stack = stack;
    this.#implementation = implementation;
    this.#shared = this.#connect();
    // a case in virtual time has a simulation for itself
    this.#semaphore = new Semaphore(this.#isVirtual ? 1 : SHARED_CASES);
  }

  /** Runs of the same plan are all alike. */
  get isExact(): boolean {
    return this.#isVirtual;
  }

  get #isVirtual(): boolean {
    return this.stack.capabilities.has("virtual-time");
  }

  #connect(): Pick<CaseContext, "router" | "quiescence"> {
    const router = new TrafficRouter();
    this.stack.guard(router);
    this.stack.onDeath?.((death) => router.partDied(death));
    return { router, quiescence: new Quiescence(this.stack) };
  }

  /** What a case finds; in virtual time nothing of it may remember other cases. */
  #context(property: Property): CaseContext {
    const adapter = this.#implementation.adapter(property.pattern);
    return {
      stack: this.stack,
      property,
      ...(adapter && { adapter }),
      makeTag: () => makeTag(this.#isVirtual ? () => 0 : Math.random),
      makeWorld: () => new World(systemsWith(property.systems)),
      ...(this.#isVirtual ? this.#connect() : this.#shared),
    };
  }

  /** The patterns that the subject implements. */
  get patterns(): readonly string[] {
    return this.#implementation.patterns;
  }

  /** The handlers that are served, as far as the stack can tell once it has run a case. */
  get handlers(): readonly HandlerDescription[] {
    return this.stack.handlers?.() ?? [];
  }

  /** Serves the pattern of a property, with bugs planted. @throws when a mutant does not fit, or the subject lacks the pattern */
  async serve(property: Property, mutants: readonly Mutant[]): Promise<void> {
    const implementation = this.#implementation;
    if (!implementation.patterns.includes(property.pattern))
      throw new Error(
        `${implementation.module} has no pattern "${property.pattern}"; it has ${implementation.patterns.join(", ")}`,
      );
    const load = {
      patterns: [property.pattern],
      environment: { ...property.environment },
      external: implementation.external(property.pattern),
    };
    const bundle = await makeBundle(implementation, load, mutants);
    const wanted = JSON.stringify([bundle.id, load]);
    if (wanted === this.#loaded) return;
    await this.#semaphore.alone(() => this.stack.load(bundle));
    this.#loaded = wanted;
  }

  /** True when the stack can do what the plan's faults need. */
  can(plan: Plan): boolean {
    return plan.faults.every(({ kind }) => faultKind(kind).needs.every((need) => this.stack.capabilities.has(need)));
  }

  /**
   * Runs a plan and checks the invariants.
   * @param over asked when its turn has come: true leaves it out, and the answer is undefined
   */
  async judge(plan: Plan, property: Property, over = () => false): Promise<Judged | undefined> {
    const exclusive = plan.faults.some(({ kind }) => faultKind(kind).exclusive);
    const run = async () => {
      if (over()) return undefined;
      const ran = await runCase(this.#context(property), plan);
      const trace = this.stack.traceHash?.();
      return { ...ran, ...(trace !== undefined && { trace }) };
    };
    const result = await (exclusive ? this.#semaphore.alone(run) : this.#semaphore.shared(run));
    if (!result) return undefined;
    const { history, trace } = result;
    const verdicts = await this.#verdicts(property, history, result.void);
    return { history, verdicts, ...(trace !== undefined && { trace }) };
  }

  /** Where one of the first invariants fails, the others are not asked: what they would say means nothing. */
  async #verdicts(property: Property, history: History, isVoid?: string): Promise<Record<string, Verdict>> {
    const verdicts: Record<string, Verdict> = {};
    for (const [name, check] of Object.entries(property.invariants)) {
      const verdict: Verdict = isVoid === undefined ? await check(history) : { verdict: "unknown", reason: isVoid };
      verdicts[name] = verdict;
      if (verdict.verdict === "invalid" && property.first.includes(name)) break;
    }
    return verdicts;
  }

  /** Runs a plan several times and counts the runs that fail the invariant. */
  async failures(plan: Plan, property: Property, invariant: string, times: number): Promise<number> {
    const runs = await Promise.all(Array.from({ length: times }, () => this.judge(plan, property)));
    return runs.filter((judged) => judged?.verdicts[invariant]?.verdict === "invalid").length;
  }

  async close(): Promise<void> {
    await this.stack.close();
  }
}
