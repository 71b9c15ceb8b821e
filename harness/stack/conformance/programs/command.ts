/**
 * Compares generated programs on the model and on the real server.
 *
 *     npm run conformance -- --programs N [--seed S]
 *
 * Prints how many programs ran, their median number of commands, how often each feature met each fault, how many
 * differences each rule of FIDELITY.md explains, and the smallest program of the first one that none explains. Exits with
 * 1 when there is such a difference.
 */
import { parseArgs } from "node:util";
import { crashPointName } from "../recorder.ts";
import { type Campaign, compareProgramsOf, median } from "./campaign.ts";
import { withProgramChecker } from "./check.ts";

const USAGE = "usage: npm run conformance -- [--programs <how many, at least 1>] [--seed <a whole number>]";

function readArguments(): { programs: number; seed: number } {
  const { values } = parseArgs({ options: { programs: { type: "string" }, seed: { type: "string" } } });
  const programs = Number(values.programs ?? 100);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(programs) || programs < 1) throw new Error(`--programs is no such number. ${USAGE}`);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed is no whole number. ${USAGE}`);
  return { programs, seed };
}

function print(campaign: Campaign, seed: number, milliseconds: number): void {
  const { table } = campaign.coverage;
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0)));
  console.log(table.map((row) => line(row).join("  ")).join("\n"));
  console.log(
    `\n${campaign.programs} programs, seed ${seed}, ${Math.round(milliseconds / campaign.programs)} ms each; ` +
      `median of ${median(campaign.commands)} commands`,
  );
  console.log(`${campaign.exact} the same, message by message`);
  for (const [rule, count] of campaign.rules) console.log(`${count} explained by the rule "${rule}"`);
  console.log(`${campaign.failures.length} not explained`);
  for (const { program, crashPoint, difference, smallest } of campaign.failures) {
    const where = crashPoint ? `\nthe fault of the original strikes ${crashPointName(crashPoint)}` : "";
    console.log(
      `\nthe smallest program: ${JSON.stringify(smallest ?? program)}\nthe original: ${JSON.stringify(program)}${where}\n${difference}`,
    );
  }
}

async function main(): Promise<void> {
  const { programs, seed } = readArguments();
  const started = performance.now();
  const progress = ({ programs: done, failures }: Campaign) =>
    process.stderr.write(`${done} of ${programs} programs, ${failures.length} differences\r`);
  const campaign = await withProgramChecker((checker) =>
    compareProgramsOf(checker, { programs, seed, shrinks: true, progress }),
  );
  print(campaign, seed, performance.now() - started);
  if (campaign.failures.length > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`conformance: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
