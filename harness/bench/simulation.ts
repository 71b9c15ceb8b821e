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
const share = (part: number, whole: number): string => `${((part / whole) * 100).toFixed(0)}%`;

/** Real milliseconds: the whole, and the parts of it in which processes started and worked. */
interface Spent {
  total: number;
  starting: number;
  working: number;
}

async function run(arena: Arena, property: Property, plans: Plan[], from: number, count: number): Promise<Spent> {
  const before = { ...realTime };
  const started = performance.now();
  for (let index = from; index < from + count; index++)
    await arena.judge({ ...plans[index % plans.length]!, schedule: index }, property);
  return {
    total: performance.now() - started,
    starting: realTime.starting - before.starting,
    working: realTime.working - before.working,
  };
}

function tell(what: string, count: number, { total, starting, working }: Spent): void {
  const rest = total - starting - working;
  console.log(
    `  ${((count / total) * 1000).toFixed(0).padStart(4)} cases/s ${what}: SDK and services ${share(working, total)}, ` +
      `starting processes ${share(starting, total)}, model, cases and checks ${share(rest, total)}; ` +
      `the whole is ${(total / working).toFixed(2)} times the first, ${(total / (working + starting)).toFixed(2)} times the first two`,
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
  for (const property of await allProperties()) {
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
    const sum = { total: 0, starting: 0, working: 0 };
    const part = Math.floor(count / 10);
    const memory: string[] = [];
    for (let tenth = 0; tenth < 10; tenth++) {
      const spent = await run(arena, property, small, tenth * part, part);
      for (const name of ["total", "starting", "working"] as const) sum[name] += spent[name];
      collect();
      memory.push(`${megabytes(process.memoryUsage().heapUsed)} of ${megabytes(process.memoryUsage.rss())}`);
    }
    tell("as a storm makes them", part * 10, sum);
    console.log(`  heap in use, of resident memory, at each tenth of ${part * 10} cases: ${memory.join(", ")}`);
  }
} finally {
  await arena.close();
}
