import type { Verdict } from "../check/index.ts";
import type { History } from "../history/index.ts";
import type { Plan } from "../plan/index.ts";
import { type Mutant, makeBundle, type Stack } from "../stack/index.ts";
import { systemsWith, World } from "../world/index.ts";
import { type Ground, runCase } from "./case.ts";
import { faultKind } from "./faults/index.ts";
import type { Property } from "./property.ts";
import { Quiescence } from "./quiescence.ts";
import type { Subject } from "./subject.ts";
import { Switchboard } from "./switchboard.ts";
import { makeTag } from "./tag.ts";
import { Turnstile } from "./turnstile.ts";

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
export class Arena {
  readonly stack: Stack;
  readonly #subject: Subject;
  readonly #shared: Pick<Ground, "switchboard" | "quiescence">;
  readonly #turnstile: Turnstile;
  #loaded = "";

  constructor(stack: Stack, subject: Subject) {
    this.stack = stack;
    this.#subject = subject;
    this.#shared = this.#connect();
    // a case in virtual time has a universe for itself
    this.#turnstile = new Turnstile(this.#isVirtual ? 1 : SHARED_CASES);
  }

  /** Runs of the same plan are all alike. */
  get isExact(): boolean {
    return this.#isVirtual;
  }

  get #isVirtual(): boolean {
    return this.stack.capabilities.has("virtual-time");
  }

  #connect(): Pick<Ground, "switchboard" | "quiescence"> {
    const switchboard = new Switchboard();
    this.stack.guard(switchboard);
    return { switchboard, quiescence: new Quiescence(this.stack) };
  }

  /** What a case finds; in virtual time nothing of it may remember other cases. */
  #ground(property: Property): Ground {
    return {
      stack: this.stack,
      subject: this.#subject,
      closing: property.closing ?? (() => []),
      audit: property.audit ?? (() => ({})),
      makeTag: () => makeTag(this.#isVirtual ? () => 0 : Math.random),
      makeWorld: () => new World(systemsWith(property.systems)),
      ...(this.#isVirtual ? this.#connect() : this.#shared),
    };
  }

  /** The patterns that the subject implements. */
  get patterns(): string[] {
    return this.#subject.patterns;
  }

  /** Serves the pattern of a property, with bugs planted. @throws when a mutant does not fit, or the subject lacks the pattern */
  async serve(property: Property, mutants: readonly Mutant[]): Promise<void> {
    const subject = this.#subject;
    if (!subject.patterns.includes(property.pattern))
      throw new Error(`${subject.module} has no pattern "${property.pattern}"; it has ${subject.patterns.join(", ")}`);
    const load = {
      patterns: [property.pattern],
      environment: property.environment ?? {},
      external: subject.external(property.pattern),
    };
    const bundle = await makeBundle(subject, load, mutants);
    const wanted = JSON.stringify([bundle.id, load]);
    if (wanted === this.#loaded) return;
    await this.#turnstile.alone(() => this.stack.load(bundle));
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
    const alone = plan.faults.some(({ kind }) => faultKind(kind).alone);
    const run = async () => {
      if (over()) return undefined;
      const ran = await runCase(this.#ground(property), plan);
      const trace = this.stack.traceHash?.();
      return { ...ran, ...(trace !== undefined && { trace }) };
    };
    const result = await (alone ? this.#turnstile.alone(run) : this.#turnstile.shared(run));
    if (!result) return undefined;
    const verdicts: Record<string, Verdict> = {};
    for (const [name, check] of Object.entries(property.invariants))
      verdicts[name] =
        result.void === undefined ? await check(result.history) : { verdict: "unknown", reason: result.void };
    const { history, trace } = result;
    return { history, verdicts, ...(trace !== undefined && { trace }) };
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
