/**
 * Runs a saved plan in the simulation and tells all that happens, as it happens: virtual time, who, what.
 *
 *     npm run simulate -- PLAN [MUTANT]               a file of reports/corpus, or any saved plan; with the planted bug
 *                                                     whose name contains MUTANT
 *     node --inspect-brk harness/commands/simulate.ts PLAN [MUTANT]    the same run, stepped in a debugger: it stops when the
 *                                                     services are loaded, so that breakpoints can be set in their
 *                                                     sources, and time stands still whenever it stops
 *
 * MUTANTS and SUBJECT are understood as everywhere. Exits with 1 when an invariant fails, with 2 when it could not be run.
 */

import { CaseRunner, type Judged, makeTag, untagged } from "../case/index.ts";
import type { Verdict } from "../check/index.ts";
import { faultLabels } from "../faults/index.ts";
import type { History } from "../history/index.ts";
import { describePlan } from "../plan/index.ts";
import { judged, readSettings, SystemUnderTest, unknownInvariant } from "../session/index.ts";
import { SimulatedStack } from "../stack/simulated/index.ts";
import { allMutants, allProperties } from "./properties.ts";

const USAGE = "npm run simulate -- PLAN [MUTANT], where PLAN is a file such as reports/corpus/<name>.json";

const LEGEND = [
  "Milliseconds of virtual time, who, what. o1: a client's operation, or what it invoked; o1#2: the second attempt of it,",
  "which receives (<) and sends (>) messages; audit: what is asked when all is quiet.",
];

/** In virtual time every case has the same tag. */
const TAG = makeTag(() => 0);
/** Ids as the plan writes them. */
const readable = (line: string): string => untagged(line, TAG);

/** How a run was judged: what was contradicted, and by what. */
function conclude({ verdicts, history, trace }: Judged): string[] {
  const bad = Object.entries(verdicts).filter(([, { verdict }]) => verdict !== "valid");
  return [
    ...missed(history),
    ...(bad.length === 0 ? ["all invariants hold"] : bad.flatMap(([name, verdict]) => explain(name, verdict))),
    `trace ${trace}`,
  ];
}

const missed = ({ events }: History): string[] =>
  events.flatMap((event) =>
    event.type === "fault" && event.phase === "missed" ? [`${event.kind} never came to its moment`] : [],
  );

function explain(name: string, verdict: Verdict): string[] {
  if (verdict.verdict === "valid") return [];
  if (verdict.verdict === "unknown") return [`${name}: could not be decided: ${verdict.reason}`];
  const { summary, expected, seen } = verdict.evidence;
  return [
    `breaks the invariant ${name}: ${summary}`,
    ...(expected === undefined ? [] : [`  expected  ${expected}`]),
    ...(seen === undefined ? [] : [`  seen      ${seen}`]),
  ];
}

/** @throws when it is the name of no mutant, or of several */
async function mutantNamed(word: string) {
  const mutants = (await allMutants()).map(({ mutant }) => mutant);
  const fitting = mutants.filter(({ name }) => name.includes(word));
  const [mutant, ...others] = fitting.filter(({ name }) => name === word).concat(fitting);
  if (!mutant)
    throw new Error(
      `no mutant's name contains "${word}"; there are\n${mutants.map(({ name }) => `  ${name}`).join("\n")}`,
    );
  if (mutant.name !== word && others.length > 0)
    throw new Error(`several mutants' names contain "${word}": ${fitting.map(({ name }) => name).join(", ")}`);
  return mutant;
}

/** @returns false when an invariant fails @throws when the plan cannot be run */
async function simulate(file: string, word: string | undefined): Promise<boolean> {
  const settings = readSettings({ ...process.env, REPLAY: file }, () => 0);
  const { property: name, plan } = settings.replay!;
  const properties = await allProperties();
  const whole = properties.find((one) => one.name === name);
  if (!whole)
    throw new Error(
      `${file}: there is no property "${name}"; there are\n${properties.map((one) => `  ${one.name}`).join("\n")}`,
    );
  const unknown = unknownInvariant(settings, Object.keys(whole.invariants));
  if (unknown !== undefined) throw new Error(unknown);
  const { property } = judged(whole, settings);
  const mutants = [...settings.mutants, ...(word === undefined ? [] : [await mutantNamed(word)])];
  const stack = await SimulatedStack.start({ seed: 0, readable: (line) => console.log(readable(line)) });
  const runner = new CaseRunner(stack, await SystemUnderTest.load(settings.subject));
  try {
    if (!runner.can(plan)) {
      console.log(`skipped: only a real stack can do what the faults of this plan need: STACK=native REPLAY=${file}`);
      return true;
    }
    await runner.serve(property, mutants);
    // with a debugger, the run stops here: the services are loaded, and breakpoints can be set in their sources
    // biome-ignore lint/suspicious/noDebugger: for a person who has attached one
    debugger;
    console.log([...describePlan(plan, faultLabels), "", ...LEGEND, ""].join("\n"));
    const result = (await runner.judge(plan, property))!;
    console.log(["", ...conclude(result)].join("\n"));
    return Object.values(result.verdicts).every(({ verdict }) => verdict === "valid");
  } finally {
    await runner.close();
  }
}

// whoever reads has seen enough, as `head` does
process.stdout.on("error", () => process.exit());
try {
  const [file, word, ...more] = process.argv.slice(2);
  if (file === undefined || file.startsWith("-") || more.length > 0) throw new Error(USAGE);
  if (!(await simulate(file, word))) process.exitCode = 1;
} catch (error) {
  console.error(`stormproof: ${(error as Error).message.replace(/^REPLAY=/, "")}`);
  process.exitCode = 2;
}
