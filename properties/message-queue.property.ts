import fc from "fast-check";
import { z } from "zod";
import {
  type AnyKind,
  at,
  attach,
  cancel,
  checks,
  faults,
  groupBy,
  type HistoryView,
  ids,
  invalidInput,
  oneByOne,
  operation,
  property,
  scenario,
  terminate,
  violation,
} from "../harness/index.ts";
import { IMPOSSIBLE_TASK } from "../harness/world/index.ts";

const REFUSED = 422;
const UNKNOWN = 404;
const ENDED = 409;
/** Clocks tick: so many milliseconds early are forgiven. */
const TOLERANCE_MS = 5;

// --- what clients do

const id = ids("@t1", "@t1", "@t2", "@t3", "@t4");
// far above what a real server may take to begin, so that a delay that is dropped shows there as well
const delayMs = fc.constantFrom<number[]>(0, 0, 60, 100);
// another task under the same id is a client's mistake, and the first one stands
const task = ids("paint", "paint", "paint", "sing", IMPOSSIBLE_TASK);
const worker = { call: "asyncTaskWorker/runTask" };

/** At the front door, or to the worker itself: with one id it is one task. */
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
  invocationFailsWith: ({ args }, view) => refusalOf(args.id, view),
});
const Result = z.strictObject({ id: z.string(), result: z.string() });
const run = operation({
  args: fc.record({ id, task, delayMs: fc.constant(0) }),
  request: ({ id, task }) => ({ ...worker, input: { id, task }, idempotencyKey: id }),
  identity: ({ id }) => id,
  answer: Result,
  failsWith: ({ args }, view) => refusalOf(args.id, view),
});
/** Where nobody was told yet that it is accepted, there may be no such task. */
const result = operation({
  weight: 3,
  args: fc.record({ id }),
  request: (params) => ({ front: "GET /tasks/:id", params }),
  answer: Result,
  failsWith: (one, view) => [...refusalOf(one.args.id, view), ...(ackedBefore(one, view) ? [] : [UNKNOWN])],
});
// at the front door bad input meets the ids of real tasks; what is sent to the worker itself would use up its key
const front = { front: "POST /tasks" };
const paint = { id: "@t1", task: "paint" };
const malformed = invalidInput(
  ...["", 7, null].map((task) => ({ request: { ...front, input: { ...paint, task } }, field: "task" })),
  ...[-1, 0.5, "soon"].map((delayMs) => ({ request: { ...front, input: { ...paint, delayMs } }, field: "delayMs" })),
  ...["", 1].map((id) => ({ request: { ...front, input: { ...paint, id } }, field: "id" })),
  { request: { ...worker, input: { id: "@b1" } }, field: "task" },
  { request: { ...worker, input: { id: "@b1", task: "" } }, field: "task" },
);

const tasks = groupBy<AnyKind<{ id: string }>>({ of: [submit, run, result], by: ({ id }) => id });
/** 422, where the task was refused and never performed; 409, where somebody ended it. */
const refusalOf = (id: string, view: HistoryView): number[] => {
  const { ledger = [], effects = [], isInterrupted } = tasks.get(id, view) ?? {};
  const isRefused = effects.length === 0 && ledger.some(({ type }) => type === "refusal");
  return [...(isRefused ? [REFUSED] : []), ...(isInterrupted ? [ENDED] : [])];
};
const ackedBefore = ({ args, invoked }: { args: { id: string }; invoked: number }, view: HistoryView): boolean => {
  const { operations = [], isInterrupted = false } = tasks.get(args.id, view) ?? {};
  return !isInterrupted && submit.among(operations).some((one) => one.outcome === "ok" && one.precedes({ invoked }));
};

// --- what must hold

const ackedIsNeverLost = tasks.every(({ key, operations, ledger, isInterrupted }) => {
  const acked = submit.among(operations).find(({ outcome }) => outcome === "ok");
  const isSettled = ledger.some(({ type }) => type === "effect" || type === "refusal");
  if (!acked || isSettled || isInterrupted) return undefined;
  return violation(`${key} was accepted, and never performed.`, { expected: "it is performed" }, acked);
});

/** The earliest time counts that any of its submissions allows, those that nobody answered included. */
const notBeforeItsTime = tasks.every(({ key, operations, effects }, { events }) => {
  const asked = [...submit.among(operations), ...run.among(operations)];
  const due = Math.min(...asked.map(({ invoked, args }) => (events[invoked]?.at ?? 0) + args.delayMs));
  const begins = events.findIndex(
    (event) => event.type === "attempt" && event.phase === "started" && asked.some(({ id }) => id === event.operation),
  );
  for (const index of [begins, ...effects.map((effect) => effect.index)]) {
    const begun = events[index]?.at ?? due;
    if (begun >= due - TOLERANCE_MS) continue;
    const summary = `${key} began ${Math.round(due - begun)} ms too early.`;
    return violation(summary, { expected: `from ${due} ms on`, seen: `at ${begun} ms` }, index, asked);
  }
  return undefined;
});

/** All who wait are told the same, and it is what was done. */
const resultIsWhatWasDone = tasks.every(({ key, operations, attached, effects }, view) => {
  for (const one of [...run.among(operations), ...result.among(operations), ...attached]) {
    if (one.result === undefined || (one.of !== undefined && one.result === null)) continue;
    const effect = effects.find(({ index }) => index < one.left || one.outcome === "info");
    const seen = checks.fieldOf(one.result, "result");
    const expected = effect ? `${checks.fieldOf(effect.data, "task")}: DONE` : "an effect before the answer";
    if (seen === expected) continue;
    return violation(`${one} was told of ${key} what was not done.`, { expected, seen }, one, effect, view.faults);
  }
  return undefined;
});

// --- the property

const delayed = (delayMs: number) => submit({ ...paint, delayMs });
const [first, later, sooner] = [delayed(0), delayed(80), delayed(40)];
const [asked, ran] = [result({ id: "@t1" }), run({ ...paint, delayMs: 0 })];
const effect = at.externalCall("o1", 1);

property("a task that was accepted is performed once, when it is due", {
  pattern: "message-queue",
  settings: { EXTERNAL_RETRY_INTERVAL: 5, EXTERNAL_RETRY_MAX_INTERVAL: 20 },
  storm: { operations: 9 },
  operations: { submit, run, result, malformed },
  invariants: {
    "acked is never lost": ackedIsNeverLost,
    "effectively once": checks.effectsOnce(tasks, {
      required: ({ key }) => [key],
      effect: ({ reference }) => reference,
      isDue: () => false,
    }),
    "not before its time": notBeforeItsTime,
    "one result": checks.agreement(tasks, (one) => (run.is(one) || result.is(one) ? one.result : undefined)),
    "the result is what was done": resultIsWhatWasDone,
    "effects carry what was asked": checks.effectsCarry(tasks, (_, { operations }) =>
      operations.flatMap((one) => (result.is(one) ? [] : [{ task: checks.fieldOf(one.args, "task") ?? null }])),
    ),
    "no spurious effects": checks.noSpuriousEffects(tasks),
  },
  scenarios: {
    "submitted at the same time": scenario({ o1: first, o2: first.after(at.invoked("o1")), o3: ran, o4: asked }),
    "submitted again after its answer": scenario(oneByOne(first, first, first.via("worker"))),
    "submitted again after a lost answer": scenario(
      oneByOne(first, first, asked),
      faults.walkAway.after(at.invoked("o1")),
    ),
    "submitted again over another connection": scenario({ o1: later }, faults.reconnect.after(at.invoked("o1"))),
    "submitted again with less delay": scenario(oneByOne(later, sooner)),
    "another task under the same id": scenario({
      o1: first,
      o2: submit({ ...paint, task: "sing", delayMs: 0 }),
      o3: asked.after("o1", "o2"),
    }),
    "awaited, and attached to, before it begins": scenario(
      oneByOne(later, asked, asked.after("o1"), attach("o1").after("o1")),
    ),
    "attached to when it has long been there": scenario(oneByOne(ran, attach("o1"), asked)),
    "awaited before it is submitted": scenario(oneByOne(asked, first, asked)).reachedWhen(
      result.some(({ error }) => error?.code === UNKNOWN),
    ),
    "the answer is lost after the effect": scenario({ o1: first }, faults.loseAnswer.after(effect)),
    "Restate is killed while a task is delayed": scenario(
      oneByOne(later, asked),
      faults.killServer.after(at.answered("o1")),
    ),
    "submitted while Restate is down": scenario({ o1: first }, faults.killServer.before(at.invoked("o1"))),
    "the endpoint is killed while a task is delayed": scenario(
      oneByOne(later, later),
      faults.killEndpoint.after(at.answered("o1")),
    ),
    "the endpoint is killed after the effect": scenario({ o1: first, o2: asked }, faults.killEndpoint.after(effect)),
    "refused, and everyone hears of it": scenario(
      oneByOne(submit({ ...paint, task: IMPOSSIBLE_TASK, delayMs: 0 }), asked, ran),
    ).reachedWhen(result.some(({ error }) => error?.code === REFUSED)),
    "it fails twice before it is performed": scenario(
      oneByOne(first, asked),
      faults.failCall.before(effect),
      faults.failCall.before(at.externalCall("o1", 2)),
    ),
    "it stalls while others wait for it": scenario({ o1: ran, o2: asked.before(effect) }, faults.stall.before(effect)),
    "a zombie performs it late": scenario(
      oneByOne(first, asked),
      faults.zombie.before(effect).until(at.answered("o2")),
    ),
    "the connection to the endpoint is lost": scenario(
      { o1: ran, o2: asked },
      faults.cutConnection.after(at.message("o1", 2)),
    ),
    "cancelled while it is delayed, and submitted again": scenario(
      oneByOne(later, cancel("o1"), sooner, asked),
    ).reachedWhen(tasks.some(({ isCancelled, effects }) => isCancelled && effects.length > 0)),
    "terminated while it runs": scenario(oneByOne(first, asked, terminate("o1").after(effect))),
  },
});
