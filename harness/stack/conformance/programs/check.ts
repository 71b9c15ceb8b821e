import { isCommand, MessageType } from "../../../protocol/index.ts";
import { NativeStack } from "../../native/index.ts";
import { SimulatedStack } from "../../simulated/index.ts";
import { type Execution, execute, runOfModel, type Scenario, simulate } from "../compare.ts";
import { type CrashPoint, type Fault, type RecordedAttempt, Recorder } from "../recorder.ts";
import { bundleTestServices } from "../test-bundle.ts";
import { factsOf, isKnown } from "./facts.ts";
import type { FaultKind, Program } from "./program.ts";
import { isAttemptedOnceMore, isInterleaving, type Rule } from "./rules.ts";
import { scriptOf } from "./script.ts";

const FAULTS: Record<FaultKind, Fault> = {
  "cut-stream": { cut: "reset" },
  "cut-session": { cut: "session" },
  "kill-endpoint": { inject: { kind: "kill-endpoint" } },
  cancel: { end: "cancel" },
  kill: { end: "kill" },
};

/** A program on the real server, and what it came to. */
export interface Ran {
  program: Program;
  scenario: Scenario;
  /** how many commands its handlers sent in the model, without its fault */
  commands: number;
  real: Execution;
}

/** A rule of FIDELITY.md that explains a difference, or a difference that none explains; neither when there is none. */
export interface Comparison {
  rule?: Rule;
  difference?: string;
}

/** so many runs of the model look for the same run, message by message, and so many for everything that it showed */
const EXACT_SEEDS = 6;
const SEEDS = 200;

/** Runs programs on both stacks. */
export class ProgramChecker {
  readonly #native: NativeStack;
  readonly #simulated: SimulatedStack;
  readonly #recorder = new Recorder();
  #clients = 0;

  constructor(native: NativeStack, simulated: SimulatedStack) {
    this.#native = native;
    this.#simulated = simulated;
    native.guard(this.#recorder);
  }

  /** Runs a program on the real server. */
  async run(program: Program): Promise<Ran> {
    const { fault, variant } = program;
    const script = scriptOf(program);
    const plain: Scenario = { script, variant };
    const { recorded } = await simulate(this.#simulated, plain, 0);
    const crashPoints = recorded.filter(({ number }) => number <= LAST_ATTEMPT).flatMap(crashPointsOf);
    const crashPoint = fault && crashPoints[fault.at % crashPoints.length];
    const scenario = fault && crashPoint ? { ...plain, crashPoint, fault: FAULTS[fault.kind] } : plain;
    const name = `client${++this.#clients}-`;
    const real = await execute(this.#native, this.#recorder, name, scenario);
    this.#recorder.forget(name);
    await this.#native.forget([...new Set(real.recorded.map(({ invocation }) => invocation))]);
    // a fault that did not strike is none
    return { program, scenario: real.injected ? scenario : plain, commands: commandsOf(recorded), real };
  }

  /** Compares what the real server did with what the model does. */
  compare({ scenario, real }: Ran): Promise<Comparison> {
    return compare(this.#simulated, scenario, real, { exact: EXACT_SEEDS, all: SEEDS });
  }
}

/**
 * Compares what the real server did in a scenario with what the model does.
 * @param seeds so many runs of the model look for the same run, message by message, before a rule may explain the difference;
 *   and so many for everything that it showed
 */
export async function compare(
  simulated: SimulatedStack,
  scenario: Scenario,
  real: Execution,
  seeds: { exact: number; all: number },
): Promise<Comparison> {
  const facts = factsOf(real);
  const known = new Set<string>();
  const attempts = new Set<string>();
  const outcomes = new Set<string>();
  for (let seed = 0; seed < seeds.all; seed++) {
    const model = await runOfModel(simulated, scenario, real, seed);
    outcomes.add(model.outcome);
    for (const attempt of model.attempts) attempts.add(attempt);
    for (const fact of factsOf(model)) known.add(fact);
    if (outcomes.has(real.outcome) && real.attempts.every((one) => attempts.has(one))) return {};
    if (seed >= seeds.exact && isInterleaving(facts, known)) return { rule: "interleaving" };
  }
  const unknown = [...facts].filter((fact) => !isKnown(fact, known));
  return isAttemptedOnceMore(unknown, scenario, real)
    ? { rule: "attempted once more" }
    : { difference: explain(unknown, known) };
}

/** What the model never shows, with what it shows that is most like it. */
function explain(unknown: readonly string[], known: ReadonlySet<string>): string {
  const lines = unknown.slice(0, 5).map((fact) => {
    const subject = fact.slice(0, fact.indexOf(":") + 1 || 30);
    const alike = [...known].filter((one) => one.startsWith(subject)).slice(0, 4);
    return `the real server: ${fact}\n${alike.map((one) => `  the model: ${one}`).join("\n")}`;
  });
  return lines.join("\n");
}

/** Faults strike in the first attempts: how many there are of what fails again and again is a matter of time. */
const LAST_ATTEMPT = 2;

/** Starts both stacks with the test services, for as long as they are used. */
export async function withProgramChecker<T>(use: (checker: ProgramChecker) => Promise<T>): Promise<T> {
  const bundle = await bundleTestServices();
  const native = await NativeStack.start();
  try {
    const simulated = await SimulatedStack.start({ seed: 0 });
    await Promise.all([native.load(bundle), simulated.load(bundle)]);
    return await use(new ProgramChecker(native, simulated));
  } finally {
    await native.close();
  }
}

/** Before and after each message of an attempt; whose an attempt is, and what it is called, is known from its input on. */
function crashPointsOf({ target, number, down, up }: RecordedAttempt): CrashPoint[] {
  const count = { "to-endpoint": down.length, "to-server": up.length };
  return (["to-endpoint", "to-server"] as const).flatMap((direction) =>
    Array.from({ length: count[direction] }, (_, i) => i + 1)
      .filter((index) => direction === "to-server" || index > 1)
      .flatMap((index) =>
        (["before", "after"] as const).map((when) => ({ target, attempt: number, direction, index, when })),
      ),
  );
}

/** What was sent by all attempts, but for the results. */
function commandsOf(recorded: readonly RecordedAttempt[]): number {
  const names = recorded.flatMap(({ up }) => up.map((text) => text.slice(0, text.indexOf(" "))));
  return names.filter((name) => COMMANDS.has(name)).length;
}

const COMMANDS = new Set(
  Object.entries(MessageType)
    .filter(([name, type]) => isCommand(type) && name !== "Output")
    .map(([name]) => name),
);
