import path from "node:path";
import type { TestProject } from "vitest/node";
import { Recorder, type RunEnded, readRecords } from "../../record/index.ts";
import { writeReport } from "../../report/index.ts";
import { serverBinary } from "../../stack/native/index.ts";
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
export default function setup(project: TestProject): () => void {
  const started = performance.now();
  const settings = refusing(() => {
    const read = readSettings(process.env, Math.random);
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

const signals = ["SIGINT", "SIGTERM"] as const;

/** Ends the process with a message instead of a stack trace: it is the user's input that is wrong. */
function refusing<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    console.error(`\nstormproof: ${(error as Error).message}\n`);
    process.exit(1);
  }
}
