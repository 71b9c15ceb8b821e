/**
 * Where the time of simulated cases goes, and whether memory stays: for each property, how many cases run in a second,
 * what part of the time is the SDK's and the services', and how much memory is held in the end.
 *
 *     npm run bench:simulation -- [CASES]      CASES of each property, 2,000 when absent; memory is shown ten times
 *
 * SEED and SUBJECT are understood as everywhere.
 */

import v8 from "node:v8";
import vm from "node:vm";
import type { Checker } from "../check/index.ts";
import type { Plan } from "../plan/index.ts";
import { Arena, type Property, readSettings, Subject, startStack } from "../run/index.ts";
import { realTime } from "../stack/simulated/index.ts";
import { LARGE, largePlans, stormPlans } from "./plans.ts";
import { allProperties } from "./properties.ts";

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
}
const PARTS = ["total", "working", "starting", "checking"] as const;

/** The time that checkers have taken so far, all together. */
let checking = 0;

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

async function run(arena: Arena, property: Property, plans: Plan[], from: number, count: number): Promise<Spent> {
  const before = { ...realTime, checking };
  const started = performance.now();
  for (let index = from; index < from + count; index++)
    await arena.judge({ ...plans[index % plans.length]!, schedule: index }, property);
  return {
    total: performance.now() - started,
    working: realTime.working - before.working,
    starting: realTime.starting - before.starting,
    checking: checking - before.checking,
  };
}

function tell(what: string, count: number, { total, starting, working, checking }: Spent): void {
  const sdk = working + starting;
  const above = total - sdk - checking;
  const each = (part: number): string => `${(part / count).toFixed(2)} ms`;
  const times = (part: number, of: number): string => (part / of).toFixed(2);
  console.log(
    `  ${((count / total) * 1000).toFixed(0).padStart(4)} cases/s ${what}. A case: ${each(sdk)} the SDK and the services ` +
      `(${each(starting)} of it to start processes), ${each(above)} the model and the runner, ${each(checking)} the checks. ` +
      `Above the SDK: ${times(above, sdk)} times its time, ${times(above + checking, sdk)} with the checks, ` +
      `${times(above + checking + starting, working)} when a start is not counted as the SDK's`,
  );
}

const count = Number(process.argv[2] ?? CASES);
if (!Number.isInteger(count) || count < 10) {
  console.error(`stormproof: CASES is a whole number, 10 or more, not "${process.argv[2]}"`);
  process.exit(2);
}
const settings = readSettings(process.env, () => 0);
const arena = new Arena(await startStack("simulated"), await Subject.load(settings.subject));
try {
  for (const property of (await allProperties()).map(timed)) {
    console.log(property.pattern);
    await arena.serve(property, []);
    const small = stormPlans(property, false, Math.min(count, DISTINCT), settings.seed);
    const large = largePlans(property, 100, settings.seed);
    await run(arena, property, small, 0, Math.min(count, 200)); // compiled by then
    tell(
      `of ${LARGE.operations} operations and ${LARGE.faults} faults`,
      400,
      await run(arena, property, large, 0, 400),
    );
    const sum: Spent = { total: 0, working: 0, starting: 0, checking: 0 };
    const part = Math.floor(count / 10);
    const memory: string[] = [];
    for (let tenth = 0; tenth < 10; tenth++) {
      const spent = await run(arena, property, small, tenth * part, part);
      for (const name of PARTS) sum[name] += spent[name];
      collect();
      memory.push(`${megabytes(process.memoryUsage().heapUsed)} of ${megabytes(process.memoryUsage.rss())}`);
    }
    tell("as a storm makes them", part * 10, sum);
    console.log(`  heap in use, of resident memory, at each tenth of ${part * 10} cases: ${memory.join(", ")}`);
  }
} finally {
  await arena.close();
}
