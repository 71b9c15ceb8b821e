import fc from "fast-check";
import { z } from "zod";
import {
  at,
  attach,
  cancel,
  checks,
  disturbances,
  fastRetries,
  faults,
  fieldOf,
  groupBy,
  ids,
  invalidInput,
  oneByOne,
  operation,
  property,
  scenario,
  terminate,
  violation,
  withWrong,
  world,
} from "../harness/index.ts";

const [REFUSED, UNKNOWN, ENDED] = [422, 404, 409];

// --- what clients do

const id = ids("@t1", "@t1", "@t2", "@t3", "@t4");
// far above what a real server may take to begin, so that a delay that is dropped shows there as well
const delayMs = fc.constantFrom<number[]>(0, 0, 60, 100);
// another task under the same id is a client's mistake, and the first one stands
const task = ids("paint", "paint", "paint", "sing", world.IMPOSSIBLE_TASK);
const worker = { call: "asyncTaskWorker/runTask" };

/** At the front door, or to the worker itself, which answers nothing: with one id it is one task. */
const submit = operation({
  weight: 6,
  args: fc.record({ id, task, delayMs }),
  request: (input) => ({ front: "POST /tasks", input, idempotencyKey: input.id }),
  routes: {
    worker: ({ delayMs, ...input }) => ({ ...worker, input, idempotencyKey: input.id, send: { delayMs } }),
  },
  identity: ({ id }) => id,
  answer: z.strictObject({ id: z.string(), invocationId: z.string() }).nullable(),
  oneWay: true,
});
const Result = z.strictObject({ id: z.string(), result: z.string() });
const run = operation({
  args: fc.record({ id, task }),
  request: (input) => ({ ...worker, input, idempotencyKey: input.id }),
  identity: ({ id }) => id,
  answer: Result,
});
const result = operation({
  weight: 3,
  args: fc.record({ id }),
  request: (params) => ({ front: "GET /tasks/:id", params }),
  answer: Result,
});
const T1 = { id: "@t1", task: "paint", delayMs: 0 };
const malformed = invalidInput(
  ...withWrong({ front: "POST /tasks" }, T1, { id: ["", 1], task: ["", 7, null], delayMs: [-1, 0.5, "soon"] }),
);

const tasks = groupBy({
  of: [submit, run, result],
  by: ({ id }) => id,
  failsWith: ({ operations, ledger, effects, isInterrupted }, one) => ({
    [REFUSED]: effects.length === 0 && ledger.some(({ type }) => type === "refusal"),
    [ENDED]: isInterrupted,
    // where nobody was told yet that it is accepted, there may be no such task
    [UNKNOWN]:
      result.is(one) &&
      (isInterrupted || !submit.among(operations).some((other) => other.outcome === "ok" && other.precedes(one))),
  }),
});

// --- what must hold

/** Whoever waits, or attaches, is told what was done before. */
const resultIsWhatWasDone = tasks.every(({ key, operations, attached, effects }) => {
  for (const one of [...run.among(operations), ...result.among(operations), ...attached]) {
    if (one.result === undefined) continue;
    const effect = effects.find(({ index }) => index < one.completed);
    const expected = effect ? `${fieldOf(effect.data, "task")}: DONE` : "an effect before the answer";
    const seen = fieldOf(one.result, "result");
    if (seen !== expected)
      return violation(`${one} was told of ${key} what was not done.`, { expected, seen }, one, effect);
  }
  return undefined;
});

// --- the property

const now = submit(T1);
const later = submit({ ...T1, delayMs: 80 });
const sooner = submit({ ...T1, delayMs: 40 });
const sung = submit({ ...T1, task: "sing" });
const impossible = submit({ ...T1, task: world.IMPOSSIBLE_TASK });
const ran = run({ id: "@t1", task: "paint" });
const asked = result({ id: "@t1" });
const [submitted, effect] = [at.answered("o1"), at.externalCall("o1", 1)];

property("a task that was accepted is performed once, when it is due", {
  pattern: "message-queue",
  settings: fastRetries,
  storm: { operations: 9 },
  operations: { submit, run, result, malformed },
  invariants: {
    "acked is never lost": checks.ackedIsNeverLost(tasks),
    "effectively once": checks.effectsOnce(tasks, { isDue: () => false }),
    "not before its time": checks.notBefore(tasks, {
      dueAfter: (one) => (submit.is(one) ? one.args.delayMs : run.is(one) ? 0 : undefined),
    }),
    "one result": checks.agreement(tasks, (one) => (submit.is(one) ? undefined : one.result)),
    "the result is what was done": resultIsWhatWasDone,
    "effects carry what was asked": checks.effectsCarry(tasks, (_, { operations }) =>
      [...submit.among(operations), ...run.among(operations)].map(({ args }) => ({ task: args.task })),
    ),
    "no spurious effects": checks.noSpuriousEffects(tasks),
  },
  scenarios: {
    "submitted twice at the same time": scenario({ o1: now, o2: now.after(at.invoked("o1")), o3: ran, o4: asked }),
    "submitted again after its answer": scenario(oneByOne(now, now, now.via("worker"))),
    "submitted again after a lost answer": scenario(oneByOne(now, now, asked), faults.walkAway.after(at.invoked("o1"))),
    "submitted again over a new connection": scenario({ o1: later }, faults.reconnect.after(at.invoked("o1"))),
    "submitted again with less delay": scenario(oneByOne(later, sooner)),
    "submitted with another task under the same id": scenario({ o1: now, o2: sung, o3: asked.after("o1", "o2") }),
    "awaited, and attached to, before it begins": scenario(
      oneByOne(later, asked, asked.after("o1"), attach("o1").after("o1")),
    ),
    "attached to when it has long been there": scenario(oneByOne(ran, attach("o1"), asked)),
    "awaited before it is submitted": scenario(oneByOne(asked.refusedWith(UNKNOWN), now, asked)),
    "refused, and everyone hears of it": scenario(
      oneByOne(impossible, asked.refusedWith(REFUSED), ran.after("o1").refusedWith(REFUSED)),
    ),
    "submitted while Restate is down": scenario({ o1: now }, faults.killServer.before(at.invoked("o1"))),
    "Restate is killed while it is delayed": scenario(oneByOne(later, asked), faults.killServer.after(submitted)),
    "the service process is killed while it is delayed": scenario(
      oneByOne(later, later),
      faults.killEndpoint.after(submitted),
    ),
    ...disturbances("a task is run", ran, { call: 1, message: 2 }),
    "it fails twice before it is performed": scenario(
      oneByOne(now, asked),
      faults.failCall.before(effect),
      faults.failCall.before(at.externalCall("o1", 2)),
    ),
    "it stalls while others wait for it": scenario({ o1: ran, o2: asked.before(effect) }, faults.stall.before(effect)),
    "cancelled while it is delayed, and submitted again": scenario(
      oneByOne(later, cancel("o1"), sooner, asked),
    ).reachedWhen(tasks.some(({ isCancelled, effects }) => isCancelled && effects.length > 0)),
    "terminated while it runs": scenario({
      o1: now,
      o2: asked.after("o1"),
      o3: terminate("o1").after(effect),
    }).reachedWhen(
      tasks.some(
        ({ interruptions, effects }) =>
          effects.length > 0 && interruptions.some(({ kind, outcome }) => kind === "terminate" && outcome === "ok"),
      ),
    ),
  },
});
