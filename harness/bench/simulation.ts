/**
 * Where the time of simulated cases goes, and whether memory stays: for each property, how many cases run in a second,
 * what part of the time is the SDK's and the services', and how much memory is held in the end.
 *
 *     npm run bench:simulation -- [CASES]      CASES of each property, 2,000 when absent; memory is shown ten times
 *
 * SEED and SUBJECT are understood as everywhere.
 */

import { PerformanceObserver } from "node:perf_hooks";
import { setImmediate as turn } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";
import { CaseRunner } from "../case/index.ts";
import type { Checker } from "../check/index.ts";
import { allProperties } from "../commands/index.ts";
import type { Plan } from "../plan/index.ts";
import type { Property } from "../property/index.ts";
import { dryRun } from "../search/index.ts";
import { readSettings, SystemUnderTest, startStack } from "../session/index.ts";
import { realTime } from "../stack/simulated/index.ts";
import { LARGE, largePlans, stormPlans } from "./plans.ts";

const CASES = 2_000;
/** plans of one sort are made before the clock runs, and used again and again with another schedule */
const DISTINCT = 500;

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc") as () => void;

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;

/** Real milliseconds, for all cases together. */
interface Spent {
  total: number;
  /** the SDK's and the services', for attempts */
  working: number;
  /** the same, to start processes: a process that was killed has lost all, so the next one evaluates the services anew */
  starting: number;
  checking: number;
  /** V8 collects garbage between cases, and two thirds or more of what it has to move are the SDK's: nobody's part */
  collecting: number;
}
const PARTS = ["total", "working", "starting", "checking", "collecting"] as const;

/** The time that checkers have taken so far, all together. */
let checking = 0;

/** The time that garbage collections have taken so far, all together: they are heard of a moment late. */
let collecting = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collecting += duration;
}).observe({ entryTypes: ["gc"] });

/** The property, with a clock on its invariants. */
function timed(property: Property): Property {
  const invariants = Object.entries(property.invariants).map(([name, check]): [string, Checker] => [
    name,
    async (...given) => {
      const before = performance.now();
      const verdict = await check(...given);
      checking += performance.now() - before;
      return verdict;
    },
  ]);
  return { ...property, invariants: Object.fromEntries(invariants) };
}

async function run(runner: CaseRunner, property: Property, plans: Plan[], from: number, count: number): Promise<Spent> {
  await turn();
  const before = { ...realTime, checking, collecting };
  const started = performance.now();
  for (let index = from; index < from + count; index++)
    await runner.judge({ ...plans[index % plans.length]!, schedule: index }, property);
  const total = performance.now() - started;
  await turn();
  return {
    total,
    working: realTime.working - before.working,
    starting: realTime.starting - before.starting,
    checking: checking - before.checking,
    collecting: collecting - before.collecting,
  };
}

function tell(what: string, count: number, { total, starting, working, checking, collecting }: Spent): void {
  const sdk = working + starting;
  const above = total - sdk - checking - collecting;
  const each = (part: number): string => `${(part / count).toFixed(2)} ms`;
  const times = (part: number, of: number): string => (part / of).toFixed(2);
  console.log(
    `  ${((count / total) * 1000).toFixed(0).padStart(4)} cases/s ${what}. A case: ${each(sdk)} the SDK and the services ` +
      `(${each(starting)} of it to start processes), ${each(above)} the model and the runner, ${each(checking)} the checks, ` +
      `${each(collecting)} garbage collection. Above the SDK: ${times(above, sdk)} times its time, ` +
      `${times(above + checking, sdk)} with the checks`,
  );
}

const count = Number(process.argv[2] ?? CASES);
if (!Number.isInteger(count) || count < 10) {
  console.error(`stormproof: CASES is a whole number, 10 or more, not "${process.argv[2]}"`);
  process.exit(2);
}
realTime.isMeasured = true;
const settings = readSettings(process.env, () => 0);
const runner = new CaseRunner(await startStack("simulated"), await SystemUnderTest.load(settings.subject));
try {
  for (const property of (await allProperties()).map(timed)) {
    console.log(property.pattern);
    await runner.serve(property, []);
    const { profiles } = await dryRun(property, runner);
    const small = stormPlans(property, profiles, false, Math.min(count, DISTINCT), settings.seed);
    const large = largePlans(property, profiles, 100, settings.seed);
    await run(runner, property, small, 0, Math.min(count, 200)); // compiled by then
    tell(
      `of ${LARGE.operations} operations and ${LARGE.faults} faults`,
      400,
      await run(runner, property, large, 0, 400),
    );
    const sum: Spent = { total: 0, working: 0, starting: 0, checking: 0, collecting: 0 };
    const part = Math.floor(count / 10);
    const memory: string[] = [];
    for (let tenth = 0; tenth < 10; tenth++) {
      const spent = await run(runner, property, small, tenth * part, part);
      for (const name of PARTS) sum[name] += spent[name];
      collect();
      await turn(); // its time is nobody's
      memory.push(`${megabytes(process.memoryUsage().heapUsed)} of ${megabytes(process.memoryUsage.rss())}`);
    }
    tell("as a storm makes them", part * 10, sum);
    console.log(`  heap in use, of resident memory, at each tenth of ${part * 10} cases: ${memory.join(", ")}`);
  }
} finally {
  await runner.close();
}
