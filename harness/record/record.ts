import type { Evidence } from "../check/index.ts";
import type { History } from "../history/index.ts";
import type { Plan } from "../plan/index.ts";

/** What a run writes while it goes on, one JSON line each, to reports/latest/run.jsonl; the report is made from it. */
export type RunRecord = RunStarted | PropertyProgress | RunEnded;

export interface RunStarted {
  type: "run";
  /** ISO 8601 */
  started: string;
  seed: number;
  /** version of the generators: a seed means the same plans only under the same version */
  generator: number;
  /** cases per property, when RUNS bounds them */
  runs?: number;
  /** milliseconds per property, when BUDGET bounds them */
  budget?: number;
  stacks: string[];
  subject: string;
  mutants?: string;
  replay?: string;
  /** versions: { node, "restate-server", "restate-sdk" }, and the platform */
  environment: Record<string, string>;
  /** what each fault kind does, as a clause: { "kill-endpoint": "the endpoint is killed" } */
  labels?: Record<string, string>;
}

/** The state of one property on one stack; a later record replaces an earlier one of the same property and stack. */
export interface PropertyProgress {
  type: "property";
  property: string;
  pattern: string;
  stack: string;
  verdict: PropertyVerdict;
  /** why it is not "passed", for a person; absent when it is */
  reason?: string;
  cases: number;
  operations: number;
  milliseconds: number;
  /** by fault kind */
  faults: Record<string, { planned: number; injected: number }>;
  /** how the operations of each kind ended */
  outcomes: Record<string, { ok: number; fail: number; info: number }>;
  /** how often each external system was called, and how often it refused */
  systems: Record<string, { calls: number; refusals: number }>;
  /** how many cases reached each scenario of the property */
  scenarios: Record<string, number>;
  /** plans that ask for what the stack cannot do */
  skipped?: number;
  /** stands for everything that happened in all the cases; only where runs can be repeated exactly */
  trace?: string;
  invariants: string[];
  failure?: Failure;
}
export type PropertyVerdict = "running" | "passed" | "failed" | "vacuous" | "unknown" | "skipped" | "interrupted";

export interface Failure {
  invariant: string;
  evidence: Evidence;
  /** the seed of the run and the number of the case that failed, from 1; a replayed plan has neither */
  seed?: number;
  case?: number;
  /** milliseconds of search until it was found */
  found?: number;
  /** the shrunk plan and the history of a run of it that failed */
  plan: Plan;
  history: History;
  /** what the generator made, before it was shrunk */
  original: { operations: number; faults: number };
  /** shrinking: runs that it took, and whether it came to its end or ran out of budget */
  shrink: { runs: number; milliseconds: number; complete: boolean };
  /** how often the shrunk plan failed the same invariant, and on which stack */
  rate: { failed: number; of: number; stack: string };
  /** found in the simulation: how often the plan failed on the real server; absent when it was not asked */
  confirmation?: { stack: string; failed: number; of: number };
  /** the file in reports/corpus and the command that replays it */
  saved: string;
  replay: string;
}

export interface RunEnded {
  type: "end";
  verdict: "passed" | "failed" | "interrupted";
  milliseconds: number;
}
