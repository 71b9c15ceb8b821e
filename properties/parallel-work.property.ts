import fc from "fast-check";
import { z } from "zod";
import {
  at,
  cancel,
  checks,
  disturbances,
  fastRetries,
  faults,
  groupBy,
  invalidInput,
  operation,
  property,
  scenario,
  terminate,
  violation,
  world,
} from "../harness/index.ts";

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
const FIRST_REFUSED = keyed("@j4", world.IMPOSSIBLE_TASK, "sand", "paint");
const SOME_REFUSED = keyed("@j5", "saw", world.IMPOSSIBLE_TASK, "saw", world.IMPOSSIBLE_TASK);
const ONE = keyed("@j6", "paint");
const jobsWithKeys = [THREE, EQUAL, MANY, FIRST_REFUSED, SOME_REFUSED, ONE];

const textsOf = ({ job, subtasks }: Work): string[] => subtasks.map((subtask) => `${subtask}/${job}`);
const isPossible = (text: string): boolean => !text.startsWith(world.IMPOSSIBLE_TASK);
const isRefused = ({ subtasks }: Work): boolean => !subtasks.every(isPossible);
const mayBeRefused = ({ args }: { args: Work }): number[] => (isRefused(args) ? [422] : []);

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
  args: fc.constantFrom(keyed("@s1", "sand"), keyed("@s2", "paint"), keyed("@s3", world.IMPOSSIBLE_TASK)),
  request: (work: Work) => ({ call: "worker/runSubtask", input: textsOf(work).join(), idempotencyKey: work.job }),
  answer: z.string(),
  failsWith: mayBeRefused,
});
/** What no schema says: a subtask without a name, before, between or after commas. */
const malformed = invalidInput(
  ...["", " ", "sand/@x1,", "sand/@x1,,paint/@x1"].map((description) => ({
    request: { call: "worker/run", input: { description } },
    field: "description",
  })),
  { request: { call: "worker/runSubtask", input: " " }, field: "subtask" },
);

const jobs = groupBy({
  of: [run, runSubtask],
  by: ({ job }) => job,
  effectsBy: (entry) => entry.text("task")?.split("/").at(-1),
});

/** Equal subtasks have a result each; one that cannot be done leaves the job without an answer. */
const resultsInInputOrder = jobs.every(({ args, operations }) => {
  const results = textsOf(args).map((text) => `${text}: DONE`);
  const expected = isRefused(args) ? undefined : results.join();
  const odd = operations.find(({ result }) => result !== undefined && result !== expected);
  const summary = `${odd} was not told the results of its subtasks, in their order.`;
  return odd && violation(summary, { expected: expected ?? "a failure", seen: odd.result }, odd);
});

/** A job that is refused keeps none of its other subtasks from being done. Who was interrupted may have done some. */
const eachSubtaskOnce = checks.effectsOnce(jobs, {
  required: ({ args }) => textsOf(args).filter(isPossible),
  effect: (entry) => entry.text("task"),
  isDue: ({ operations, isInterrupted }) =>
    operations.some(({ result, error }) => result !== undefined || (error?.code === 422 && !isInterrupted)),
});

/** Of the first operation of a scenario: a call for one of its subtasks, and what the subtask hears after its input. */
const call = (n: number) => at.externalCall("o1", n);
const heard = (child: number) => at.message("o1", 3, { child, direction: "to-endpoint" });
const begun = (child: number) => at.message("o1", 1, { child });

property("subtasks are done at once, each one once, and answered in their order", {
  pattern: "parallel-work",
  settings: fastRetries,
  operations: { run, runSubtask, malformed },
  storm: { operations: 6 },
  invariants: {
    "results in input order": resultsInInputOrder,
    "each subtask once": eachSubtaskOnce,
    "subtasks do not wait for each other": checks.notBlockedByStalls(jobs, ({ args }) => args.subtasks.length),
    "nothing done after the answer": checks.nothingAfterCompletion(jobs),
    "no spurious effect": checks.noSpuriousEffects(jobs, ({ type }) => type === "effect"),
  },
  scenarios: {
    "equal subtasks of one run are done": scenario({ o1: run(THREE), o2: run(EQUAL), o3: run(ONE) }),
    "a subtask comes to the workshop while another is there": scenario(
      { o1: run(EQUAL) },
      faults.stall.before(call(1)).until(call(2)),
    ),
    // one that stalls to the end will do: a busy server may come to the recovery phase before the third call
    "some subtasks stall, and all others are done": scenario(
      { o1: run(MANY) },
      faults.stall.before(call(1)),
      faults.stall.before(call(3)),
    ).reachedWhen(jobs.some(({ faults }) => faults.some(({ kind, heal }) => kind === "stall" && !heal))),
    "a subtask is refused, and the others are done": scenario({
      o1: run(FIRST_REFUSED),
      o2: run(SOME_REFUSED),
    }).reachedWhen(
      jobs.some(({ operations, effects }) => effects.length > 1 && operations.some(({ error }) => error?.code === 422)),
    ),
    // what a subtask hears after its input is that it is cancelled, and only then anybody hears of it
    "a run is cancelled before any of its subtasks began": scenario({
      o1: run(EQUAL),
      o2: cancel("o1").before(at.message("o1", 1)),
    })
      .inOrder(at.after(heard(1)), at.before(begun(1)))
      .inOrder(at.after(heard(2)), at.before(begun(2)))
      .reachedWhen(
        jobs.some(
          ({ isCancelled, operations, effects }) =>
            isCancelled && effects.length === 0 && operations.some(({ error }) => error?.code === 409),
        ),
      ),
    "a run is cancelled while a subtask is in the workshop": scenario(
      { o1: run(MANY), o2: cancel("o1").before(call(1)) },
      faults.stall.before(call(1)),
    ),
    "a run is cancelled again while it waits for its subtasks": scenario(
      { o1: run(MANY), o2: cancel("o1").before(call(2)), o3: cancel("o1").after("o2") },
      faults.stall.before(call(2)),
    ),
    "a run is terminated": scenario(
      { o1: run(THREE), o2: terminate("o1").before(call(2)) },
      faults.stall.before(call(2)),
    ),
    "a run is joined by its duplicate": scenario({ o1: run(THREE), o2: run(THREE).before(call(1)) }).reachedWhen(
      jobs.someTwo((a, b) => a.invocation === b.invocation && a.overlaps(b)),
    ),
    ...disturbances("subtasks are done", run(MANY), { call: 2, message: 3, child: 2 }),
  },
});
