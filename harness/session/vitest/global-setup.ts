import path from "node:path";
import type { TestProject } from "vitest/node";
import { declaredProperties } from "../../property/index.ts";
import { Recorder, type RunEnded, readRecords } from "../../record/index.ts";
import { writeReport } from "../../report/index.ts";
import { serverBinary } from "../../stack/native/index.ts";
import { type Choice, unknownInvariant } from "../judged.ts";
import { REPORTS, runStarted } from "../session.ts";
import { readSettings } from "../settings.ts";
import { verdictOf } from "./verdict.ts";

declare module "vitest" {
  export interface ProvidedContext {
    seed: number;
    terminal: { isTTY: boolean; columns: number };
  }
}

/**
 * Before the run: refuses settings that make no sense, before any stack is started. After it, whatever the verdict: writes
 * the report, says where it is, and fails a full run in which a kind of fault never injected. An interruption ends it early.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const started = performance.now();
  const settings = await refusing(async () => {
    const read = readSettings(process.env, Math.random);
    if (read.only || read.skip) await refuseUnknownInvariants(project, read);
    if (read.stacks.includes("native")) serverBinary();
    return read;
  });
  const recorder = new Recorder(REPORTS);
  recorder.record(runStarted(settings));
  project.provide("seed", settings.seed);
  project.provide("terminal", { isTTY: process.stdout.isTTY ?? false, columns: process.stdout.columns ?? 80 });
  const end = (verdict: RunEnded["verdict"]): void => {
    recorder.record({ type: "end", verdict, milliseconds: Math.round(performance.now() - started) });
    recorder.close();
    const report = path.relative(process.cwd(), writeReport(REPORTS));
    console.log(`\nseed ${settings.seed}; report: ${report}`);
  };
  // vitest hears of it as well, and exits a moment later
  const interrupt = (): void => end("interrupted");
  for (const signal of signals) process.once(signal, interrupt);
  return () => {
    for (const signal of signals) process.off(signal, interrupt);
    const { verdict, complaints } = verdictOf(readRecords(REPORTS), settings);
    for (const complaint of complaints) console.error(`\n${complaint}`);
    end(verdict);
    if (verdict !== "passed") process.exitCode = 1;
  };
}

/** @throws when no property of the project has an invariant that is named; what cannot be imported is left to the tests */
async function refuseUnknownInvariants(project: TestProject, choice: Choice): Promise<void> {
  const { testFiles } = await project.globTestFiles();
  try {
    for (const file of testFiles) await import(/* @vite-ignore */ file);
  } catch {
    return;
  }
  const unknown = unknownInvariant(
    choice,
    declaredProperties().flatMap(({ invariants }) => Object.keys(invariants)),
  );
  if (unknown !== undefined) throw new Error(unknown);
}

const signals = ["SIGINT", "SIGTERM"] as const;

/** Ends the process with a message instead of a stack trace: it is the user's input that is wrong. */
async function refusing<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    console.error(`\nstormproof: ${(error as Error).message}\n`);
    process.exit(1);
  }
}
