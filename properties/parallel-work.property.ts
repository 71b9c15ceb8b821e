import fc from "fast-check";
import { z } from "zod";
import type { Group, HistoryView, LedgerRecord } from "../harness/index.ts";
import {
  at,
  cancel,
  checks,
  faults,
  fieldOf,
  groupBy,
  invalidInput,
  operation,
  property,
  scenario,
  stallIn,
  terminate,
  textOf,
  violation,
} from "../harness/index.ts";
import { IMPOSSIBLE_TASK } from "../harness/world/index.ts";

/** Work for one job. Its subtasks name the job ("sand/@j1"), so that the ledger tells for whom each was done. */
interface Work {
  job: string;
  /** in their order; some may be equal */
  subtasks: string[];
  separator?: string;
  /** whoever asks without a key asks for a job of its own */
  keyed: boolean;
}
const keyed = (job: string, ...subtasks: string[]): Work => ({ job, subtasks, keyed: true });
const THREE = keyed("@j1", "sand", "paint", "sand");
const EQUAL = keyed("@j2", "sand", "sand");
const MANY = keyed("@j3", "saw", "sand", "paint", "varnish", "sand", "paint");
const FIRST_REFUSED = keyed("@j4", IMPOSSIBLE_TASK, "sand", "paint");
const SOME_REFUSED = keyed("@j5", "saw", IMPOSSIBLE_TASK, "saw", IMPOSSIBLE_TASK);
const ONE = keyed("@j6", "paint");
const jobsWithKeys = [THREE, EQUAL, MANY, FIRST_REFUSED, SOME_REFUSED, ONE];

const textsOf = ({ job, subtasks }: Work): string[] => subtasks.map((subtask) => `${subtask}/${job}`);
const resultOf = (work: Work): string =>
  textsOf(work)
    .map((text) => `${text}: DONE`)
    .join(",");
const isRefused = (subtask: string): boolean => subtask.startsWith(IMPOSSIBLE_TASK);
const mayBeRefused = ({ args }: { args: Work }): number[] => (args.subtasks.some(isRefused) ? [422] : []);

const run = operation({
  weight: 6,
  args: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...jobsWithKeys) },
    {
      weight: 1,
      arbitrary: fc.record({
        job: fc.nat().map((number) => `@n${number}`),
        subtasks: fc.constantFrom(...jobsWithKeys.map(({ subtasks }) => subtasks)),
        separator: fc.constantFrom(",", " , "),
        keyed: fc.constant(false),
      }),
    },
  ),
  request: (work: Work) => ({
    call: "worker/run",
    input: { description: textsOf(work).join(work.separator ?? ",") },
    ...(work.keyed && { idempotencyKey: work.job }),
  }),
  answer: z.string(),
  failsWith: mayBeRefused,
});
const runSubtask = operation({
  weight: 2,
  args: fc.constantFrom(keyed("@s1", "sand"), keyed("@s2", "paint"), keyed("@s3", IMPOSSIBLE_TASK)),
  request: (work: Work) => ({
    call: "worker/runSubtask",
    input: textsOf(work).join(","),
    idempotencyKey: work.job,
  }),
  answer: z.string(),
  failsWith: mayBeRefused,
});
const slip = (description: string) => ({
  request: { call: "worker/run", input: { description } },
  field: "description",
});
const malformed = invalidInput(...["", " ", ",", "sand/@x1,", "sand/@x1,,paint/@x1"].map(slip), {
  request: { call: "worker/runSubtask", input: " " },
  field: "subtask",
});

const taskOf = ({ data }: LedgerRecord): string => textOf(fieldOf(data, "task") ?? "");
const jobs = groupBy({
  of: [run, runSubtask],
  by: ({ job }) => job,
  effectsBy: (entry) => taskOf(entry).split("/").at(-1),
});
type Job = Group<typeof run | typeof runSubtask>;
/** Whoever asks for a job asks for the same. */
const subtasksOf = ({ operations: [first] }: Job): string[] => (first ? textsOf(first.args) : []);
const possibleOf = (job: Job): string[] => subtasksOf(job).filter((text) => !isRefused(text));
const isPartlyDone = (job: Job, before: number): boolean => {
  const done = job.effects.filter(({ index }) => index < before).length;
  return done > 0 && done < possibleOf(job).length;
};

/** Equal subtasks have a result each; one that cannot be done leaves the job without an answer. */
const resultsInInputOrder = jobs.every(({ operations }) => {
  for (const one of operations) {
    if (one.result === undefined) continue;
    const expected = one.args.subtasks.some(isRefused) ? undefined : resultOf(one.args);
    if (one.result === expected) continue;
    const summary = `${one} was not told the results of its subtasks, in their order.`;
    return violation(summary, { expected: expected ?? "a failure", seen: one.result }, one);
  }
  return undefined;
});

/** A job that is refused keeps none of its other subtasks from being done. Who was interrupted may have done some. */
const isDue = ({ operations, isInterrupted }: Job): boolean =>
  operations.some(({ result, error }) => result !== undefined || (error?.code === 422 && !isInterrupted));

const isStalled = (cutShort: boolean) => (view: HistoryView) => {
  const stall = stallIn(jobs, view);
  return stall?.isCutShort === cutShort && stall.arrived > stall.stalled;
};
/** Of the first operation of a scenario: a call for one of its subtasks, and what the subtask hears after its input. */
const call = (n: number) => at.externalCall("o1", n);
const heard = (child: number) => at.message("o1", 3, { child, direction: "to-endpoint" });

property("subtasks are done at once, each one once, and answered in their order", {
  pattern: "parallel-work",
  settings: { EXTERNAL_RETRY_INTERVAL: 5, EXTERNAL_RETRY_MAX_INTERVAL: 20 },
  operations: { run, runSubtask, malformed },
  storm: { operations: 6 },
  invariants: {
    "results in input order": resultsInInputOrder,
    "each subtask once": checks.effectsOnce(jobs, { required: possibleOf, effect: taskOf, isDue }),
    "subtasks do not wait for each other": checks.notBlockedByStalls(jobs, (job) => subtasksOf(job).length),
    "nothing done after the answer": checks.nothingAfterCompletion(jobs),
    "no spurious effect": checks.noSpuriousEffects(jobs, ({ type }) => type === "effect"),
  },
  scenarios: {
    "equal subtasks of one run are done": scenario({ o1: run(THREE), o2: run(EQUAL), o3: run(ONE) }).reachedWhen(
      run.some(({ args, result }) => result !== undefined && new Set(args.subtasks).size < args.subtasks.length),
    ),
    "a subtask comes to the workshop while another is there": scenario(
      { o1: run(EQUAL) },
      faults.stall.before(call(1)).until(call(2)),
    ).reachedWhen(isStalled(true)),
    "some subtasks stall, and all others are done": scenario(
      { o1: run(MANY) },
      faults.stall.before(call(1)),
      faults.stall.before(call(3)),
    ).reachedWhen(isStalled(false)),
    "a subtask is refused, and the others are done": scenario({
      o1: run(FIRST_REFUSED),
      o2: run(SOME_REFUSED),
    }).reachedWhen(
      jobs.some(({ operations, effects }) => effects.length > 1 && operations.some(({ error }) => error?.code === 422)),
    ),
    "only one subtask crashes": scenario(
      { o1: run(THREE) },
      faults.cutStream.before(at.message("o1", 4, { child: 2 })),
    ).reachedWhen(run.some(({ childAttempts: of }) => of.includes(1) && of.some((attempts) => attempts > 1))),
    "the endpoint is killed when some subtasks are done and others are not": scenario(
      { o1: run(THREE) },
      faults.killEndpoint.before(call(2)),
    ).reachedWhen(
      jobs.some((job, { faults }) =>
        faults.some(({ kind, injected }) => kind === "kill-endpoint" && isPartlyDone(job, injected)),
      ),
    ),
    // what a subtask hears after its input is that it is cancelled, and only then anybody hears of it
    "a run is cancelled before any of its subtasks began": scenario({
      o1: run(EQUAL),
      o2: cancel("o1").before(at.message("o1", 1)),
    })
      .inOrder(at.after(heard(1)), at.before(at.message("o1", 1, { child: 1 })))
      .inOrder(at.after(heard(2)), at.before(at.message("o1", 1, { child: 2 })))
      .reachedWhen(
        jobs.some(
          ({ isCancelled, operations, effects }) =>
            isCancelled && effects.length === 0 && operations.some(({ error }) => error?.code === 409),
        ),
      ),
    "a run is cancelled while a subtask is in the workshop": scenario(
      { o1: run(MANY), o2: cancel("o1").before(call(1)) },
      faults.stall.before(call(1)),
    ).reachedWhen(
      jobs.some(({ operations, interruptions, effects }) =>
        operations.some(({ id, left }) =>
          interruptions.some(
            ({ kind, of, completed }) =>
              kind === "cancel" && of === id && effects.some(({ index }) => index > completed && index < left),
          ),
        ),
      ),
    ),
    "a run is cancelled again while it waits for its subtasks": scenario(
      { o1: run(MANY), o2: cancel("o1").before(call(2)), o3: cancel("o1").after("o2") },
      faults.stall.before(call(2)),
    ).reachedWhen(
      jobs.some(
        ({ interruptions }) =>
          interruptions.filter(({ kind, outcome }) => kind === "cancel" && outcome === "ok").length > 1,
      ),
    ),
    "a run is terminated": scenario(
      { o1: run(THREE), o2: terminate("o1").before(call(2)) },
      faults.stall.before(call(2)),
    ).reachedWhen(run.some(({ isTerminated, error }) => isTerminated && error?.code === 409)),
    "a run is joined by its duplicate": scenario({ o1: run(THREE), o2: run(THREE).before(call(1)) }).reachedWhen(
      run.someTwo((a, b) => a.result !== undefined && a.invocation === b.invocation && a.overlaps(b)),
    ),
    "an answer of the workshop is lost": scenario({ o1: run(THREE) }, faults.loseAnswer.after(call(2))),
    "the workshop fails before it has done anything": scenario({ o1: run(THREE) }, faults.failCall.before(call(2))),
    "a zombie comes to the workshop late": scenario(
      { o1: run(THREE) },
      faults.zombie.before(call(2)).until(at.answered("o1")),
    ),
    "the connection to the endpoint is lost": scenario(
      { o1: run(THREE) },
      faults.cutConnection.after(at.message("o1", 3, { child: 1 })),
    ),
    "Restate is killed while subtasks are under way": scenario({ o1: run(THREE) }, faults.killServer.before(call(2))),
  },
});
