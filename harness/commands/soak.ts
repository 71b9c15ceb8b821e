/**
 * Storms the clean services for long: any failure is a bug of a service, a checker, a fault, or Restate.
 *
 *     npm run soak          1,000 cases per property that share the stack and 100 that need it alone, on the real server
 *
 * RUNS, SEED and STACK are understood as everywhere. Exits with 1 when a property does not pass.
 */

import { faultLabels } from "../faults/index.ts";
import { Recorder } from "../record/index.ts";
import { Terminal, writeReport } from "../report/index.ts";
import { REPORTS, readSettings, runStarted, Session, unknownInvariant } from "../session/index.ts";
import { allProperties } from "./properties.ts";

/** One case in eleven needs the stack alone. */
const RUNS = 1_100;

async function main(): Promise<void> {
  const asked = readSettings({ STACK: "native", ...process.env }, Math.random);
  const settings = { ...asked, runs: asked.runs ?? RUNS };
  const properties = await allProperties();
  const unknown = unknownInvariant(
    settings,
    properties.flatMap(({ invariants }) => Object.keys(invariants)),
  );
  if (unknown !== undefined) throw new Error(unknown);
  const terminal = new Terminal({
    stream: process.stdout,
    isTTY: process.stdout.isTTY ?? false,
    labels: faultLabels,
    runs: settings.runs,
  });
  const recorder = new Recorder(REPORTS);
  const run = runStarted(settings);
  recorder.record(run);
  terminal.started(run);
  const session = new Session(settings, recorder, (progress) => terminal.progress(progress));
  const started = performance.now();
  let passed = true;
  try {
    for (const property of properties)
      for (const stack of settings.stacks) {
        const progress = await session.run(property, stack);
        terminal.finished(progress);
        if (progress.failure && progress.expected === undefined) terminal.failure(progress.failure, property.name);
        passed &&= progress.verdict === "passed" || progress.verdict === "skipped";
      }
  } finally {
    await session.close();
    recorder.record({
      type: "end",
      verdict: passed ? "passed" : "failed",
      milliseconds: Math.round(performance.now() - started),
    });
    writeReport(REPORTS);
  }
  if (!passed) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`stormproof: ${(error as Error).message}`);
  process.exit(1);
}
