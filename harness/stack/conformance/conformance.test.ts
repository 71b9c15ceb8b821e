import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NativeStack } from "../native/index.ts";
import { SimulatedStack } from "../simulated/index.ts";
import { type Execution, execute, type Scenario, simulate } from "./compare.ts";
import { endedScripts } from "./ended-scripts.ts";
import { compare } from "./programs/check.ts";
import { type CrashPoint, crashPointName, type Fault, Recorder } from "./recorder.ts";
import { robustScripts, type Script, scripts } from "./scripts.ts";
import { bundleTestServices } from "./test-bundle.ts";

/**
 * The model against the real server: the same scripts on both. What the real server did, answers, state, effects and
 * messages, must be something that the model does.
 */

const variants = ["", "Suspending", "Lazy"];
let native: NativeStack;
let simulated: SimulatedStack;
const recorder = new Recorder();
let clients = 0;

beforeAll(async () => {
  const bundle = await bundleTestServices();
  [native, simulated] = await Promise.all([NativeStack.start(), SimulatedStack.start({ seed: 0 })]);
  await Promise.all([native.load(bundle), simulated.load(bundle)]);
  native.guard(recorder);
}, 60_000);
afterAll(() => native?.close());

/** What no rule explains. Each run of these few scripts is looked for message by message, before a rule may. */
const difference = async (scenario: Scenario, execution: Execution): Promise<string | undefined> =>
  (await compare(simulated, scenario, execution, { exact: 1000, all: 1200 })).difference;

const real = (scenario: Scenario): Promise<Execution> => execute(native, recorder, `client${++clients}-`, scenario);

describe("every feature", () => {
  for (const [name, script] of Object.entries(scripts)) {
    test(name, async () => {
      const scenarios = variants.map((variant) => ({ script, variant }));
      const executions = await Promise.all(scenarios.map(real));
      for (const [index, scenario] of scenarios.entries())
        expect(await difference(scenario, executions[index]!), `variant "${scenario.variant}"`).toBeUndefined();
    });
  }
});

/** What is injected, in which script, by which target's first attempt. */
const subjects: [script: string, target: string][] = [
  ["effects between state and sleep", "testObject/effects"],
  ["call, send, delayed send", "testService/callAndSend"],
  ["call, send, delayed send", "testObject/add"],
  ["a parent waits for a child that is cancelled", "testService/waitForChild"],
  ["a parent waits for a child that is cancelled", "testObject/waitOrUndo"],
  ["an awakeable", "testObject/wait"],
  ["a workflow and its promise", "testWorkflow/run"],
  ["a workflow and its promise", "testWorkflow/approve"],
  ["parallel steps", "testService/parallelRuns"],
  ["an error that a parent catches", "testService/catchFail"],
  ["killed, and called again", "testObject/waitOrUndo"],
];

/** Every crashPoint of the first attempt of a target, or of a later one, as the model has them; none if there is none. */
async function crashPointsOf(script: Script, variant: string, target: string, attempt = 1): Promise<CrashPoint[]> {
  const name = target.replace("/", `${variant}/`);
  const { recorded } = await simulate(simulated, { script, variant }, 0);
  const first = recorded.find((one) => one.target === name && one.number === attempt);
  if (!first) return [];
  const count = { "to-endpoint": first.down.length, "to-server": first.up.length };
  return (["to-endpoint", "to-server"] as const).flatMap((direction) =>
    Array.from({ length: count[direction] }, (_, i) => i + 1).flatMap((index) =>
      (["before", "after"] as const).map((when) => ({ target: name, attempt, direction, index, when })),
    ),
  );
}

function scenarioName({ crashPoint, fault }: Scenario): string {
  const whose = fault && "whose" in fault ? ` of "${fault.whose}"` : "";
  return `${fault && "end" in fault ? `${fault.end}${whose} ` : ""}${crashPointName(crashPoint!)}`;
}

/** Compares scenarios, several of them at the same time on the real server. Answers how many were injected. */
async function compareAll(scenarios: Scenario[], atOnce: number): Promise<number> {
  let injected = 0;
  for (let at = 0; at < scenarios.length; at += atOnce) {
    const batch = scenarios.slice(at, at + atOnce);
    const executions = await Promise.all(batch.map(real));
    for (const [index, scenario] of batch.entries()) {
      const execution = executions[index]!;
      if (!execution.injected) continue;
      injected++;
      expect(await difference(scenario, execution).catch(String), scenarioName(scenario)).toBeUndefined();
    }
  }
  return injected;
}

describe("a stream that breaks, at every crashPoint", () => {
  for (const [name, target] of subjects) {
    test(`${target} in "${name}"`, async () => {
      const script = robustScripts[name]!;
      const crashPoints = await crashPointsOf(script, "", target);
      const scenarios = crashPoints.map((crashPoint) => ({
        script,
        variant: "",
        crashPoint,
        fault: { cut: "reset" } as const,
      }));
      const injected = await compareAll(scenarios, 8);
      // without a key, nobody knows before its input whose an attempt is; and the last notifications may come too late
      expect(injected).toBeGreaterThanOrEqual(crashPoints.length * 0.7);
    });
  }
});

describe.each(["cancel", "kill"] as const)("%s, at every crashPoint", (end) => {
  for (const [name, { script, targets, others = [], variants = [""] }] of Object.entries(endedScripts)) {
    for (const variant of variants) {
      for (const target of targets) {
        test(`${target} in "${name}"${variant && `, ${variant}`}`, async () => {
          const attempts = [1, ...(variant === "Suspending" ? [2] : [])];
          const crashPoints = (
            await Promise.all(attempts.map((n) => crashPointsOf(script, variant, target, n)))
          ).flat();
          const faults: Fault[] = [{ end }, ...others.map((whose) => ({ end, whose }))];
          const scenarios = faults.flatMap((fault) =>
            crashPoints.map((crashPoint) => ({ script, variant, crashPoint, fault })),
          );
          expect(await compareAll(scenarios, 8)).toBeGreaterThanOrEqual(scenarios.length * 0.7);
        });
      }
    }
  }
});

const everyNth = (crashPoints: CrashPoint[], n: number): CrashPoint[] => crashPoints.filter((_, i) => i % n === 0);

describe.each([
  ["the connection breaks", { cut: "session" }, 3],
  ["the service process is killed", { inject: { kind: "kill-endpoint" } }, 3],
  ["the service process freezes, and thaws beside its successor", { inject: { kind: "zombie" } }, 4],
  ["Restate is killed, and starts again", { inject: { kind: "kill-server" } }, 9],
] satisfies [string, Fault, number][])("%s", (_, fault, n) => {
  for (const [name, target] of subjects.slice(0, 7)) {
    test(`${target} in "${name}"`, async () => {
      const script = robustScripts[name]!;
      const crashPoints = everyNth((await crashPointsOf(script, "", target)).slice(2), n);
      const scenarios = crashPoints.map((crashPoint) => ({ script, variant: "", crashPoint, fault }));
      expect(await compareAll(scenarios, 1)).toBeGreaterThan(0);
    });
  }
});
