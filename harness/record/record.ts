import { z } from "zod";
import type { Evidence as CheckerEvidence } from "../check/index.ts";
import { History } from "../history/index.ts";
import { Plan } from "../plan/index.ts";

const count = z.int().min(0);
const milliseconds = z.number().min(0);

const RunStarted = z.strictObject({
  type: z.literal("run"),
  /** ISO 8601 */
  started: z.string(),
  seed: z.number(),
  /** version of the generators: a seed means the same plans only under the same version */
  generator: z.number(),
  /** cases per property, when RUNS bounds them */
  runs: count.exactOptional(),
  /** milliseconds per property, when BUDGET bounds them */
  budget: milliseconds.exactOptional(),
  stacks: z.array(z.string()),
  subject: z.string(),
  mutants: z.string().exactOptional(),
  replay: z.string().exactOptional(),
  /** the invariants that alone are judged, and those that are not, when the run was asked for that */
  only: z.array(z.string()).exactOptional(),
  skip: z.array(z.string()).exactOptional(),
  /** versions: { node, "restate-server", "restate-sdk" }, and the platform */
  environment: z.record(z.string(), z.string()),
  /** what each fault kind does, as a clause: { "kill-endpoint": "the endpoint is killed" } */
  labels: z.record(z.string(), z.string()).exactOptional(),
});

const Evidence = z.strictObject({
  summary: z.string(),
  events: z.array(z.number()),
  expected: z.string().exactOptional(),
  seen: z.string().exactOptional(),
  partials: z.array(z.array(z.number())).exactOptional(),
}) satisfies z.ZodType<CheckerEvidence>;

const Failure = z.strictObject({
  invariant: z.string(),
  evidence: Evidence,
  /** the seed of the run and the number of the case that failed, from 1; a replayed plan has neither */
  seed: z.number().exactOptional(),
  case: count.exactOptional(),
  /** milliseconds of search until it was found */
  found: milliseconds.exactOptional(),
  /** the shrunk plan and the history of a run of it that failed */
  plan: Plan,
  history: History,
  /** what the generator made, before it was shrunk */
  original: z.strictObject({ operations: count, faults: count }),
  /** shrinking: runs that it took, and whether it came to its end or ran out of budget */
  shrink: z.strictObject({ runs: count, milliseconds, complete: z.boolean() }),
  /** how often the shrunk plan failed the same invariant, and on which stack */
  rate: z.strictObject({ failed: count, of: count, stack: z.string() }),
  /** found in the simulation: how often the plan failed on the real server; absent when it was not asked */
  confirmation: z.strictObject({ stack: z.string(), failed: count, of: count }).exactOptional(),
  /** the file in reports/corpus and the command that replays it */
  saved: z.string(),
  replay: z.string(),
});

const PropertyVerdict = z.enum(["running", "passed", "failed", "vacuous", "unknown", "skipped", "interrupted"]);

/** The state of one property on one stack; a later record replaces an earlier one of the same property and stack. */
const PropertyProgress = z.strictObject({
  type: z.literal("property"),
  property: z.string(),
  pattern: z.string(),
  stack: z.string(),
  verdict: PropertyVerdict,
  /** why it is not "passed", for a person; absent when it is */
  reason: z.string().exactOptional(),
  cases: count,
  operations: count,
  milliseconds,
  /** by fault kind */
  faults: z.record(z.string(), z.strictObject({ planned: count, injected: count })),
  /** how the operations of each kind ended */
  outcomes: z.record(z.string(), z.strictObject({ ok: count, fail: count, info: count })),
  /** how often each external system was called, and how often it refused */
  systems: z.record(z.string(), z.strictObject({ calls: count, refusals: count })),
  /** how many cases reached each scenario of the property */
  scenarios: z.record(z.string(), count),
  /**
   * By handler and outcome: between how many messages of its first attempt something was to strike, and did; and how many
   * calls to external systems were then made again
   */
  crashPoints: z.record(z.string(), z.strictObject({ of: count, struck: count, repeats: count })).exactOptional(),
  /** plans that ask for what the stack cannot do */
  skipped: count.exactOptional(),
  /** stands for everything that happened in all the cases; only where runs can be repeated exactly */
  trace: z.string().exactOptional(),
  /** those that are judged, and those that are not because the run was asked so */
  invariants: z.array(z.string()),
  unjudged: z.array(z.string()).exactOptional(),
  /** invariants that the implementation is declared not to keep, and why: they are not judged */
  differs: z.record(z.string(), z.string()).exactOptional(),
  failure: Failure.exactOptional(),
  /** a known hazard: the invariant that had to be found broken, and was; `failure` tells of it */
  expected: z.string().exactOptional(),
});

const RunEnded = z.strictObject({
  type: z.literal("end"),
  verdict: z.enum(["passed", "failed", "interrupted"]),
  milliseconds,
});

/** What a run writes while it goes on, one JSON line each, to reports/latest/run.jsonl; the report is made from it. */
export const RunRecord = z.discriminatedUnion("type", [RunStarted, PropertyProgress, RunEnded]);

export interface RunStarted extends z.infer<typeof RunStarted> {}
export interface Failure extends z.infer<typeof Failure> {}
export interface PropertyProgress extends z.infer<typeof PropertyProgress> {}
export type PropertyVerdict = z.infer<typeof PropertyVerdict>;
export interface RunEnded extends z.infer<typeof RunEnded> {}
export type RunRecord = RunStarted | PropertyProgress | RunEnded;
