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
  type Json,
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
  weight: 4,
  args: fc.record({ id, task, delayMs }),
  request: (input) => ({ front: "POST /tasks", input, idempotencyKey: input.id }),
  identity: ({ id }) => id,
  answer: z.strictObject({ id: z.string(), invocationId: z.string() }),
  oneWay: true,
  invocationFailsWith: ({ args }, view) => refusalOf(args.id, view),
});
const send = operation({
  weight: 2,
  args: fc.record({ id, task, delayMs }),
  request: ({ delayMs, ...input }) => ({ ...worker, input, idempotencyKey: input.id, send: { delayMs } }),
  identity: ({ id }) => id,
  invocationFailsWith: ({ args }, view) => refusalOf(args.id, view),
});
const Result = z.strictObject({ id: z.string(), result: z.string() });
const run = operation({
  args: fc.record({ id, task }),
  request: (input) => ({ ...worker, input, idempotencyKey: input.id }),
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
const malformed = invalidInput(
  ...["", 7, null].map((task) => ({ request: { ...front, input: { id: "@t1", task } }, field: "task" })),
  ...[-1, 0.5, "soon"].map((delayMs) => ({
    request: { ...front, input: { id: "@t1", task: "paint", delayMs } },
    field: "delayMs",
  })),
  ...["", 1].map((id) => ({ request: { ...front, input: { id, task: "paint" } }, field: "id" })),
  { request: { ...worker, input: { id: "@b1" } }, field: "task" },
  { request: { ...worker, input: { id: "@b1", task: "" } }, field: "task" },
);

const tasks = groupBy<AnyKind<{ id: string }>>({ of: [submit, send, run, result], by: ({ id }) => id });
const taskOf = (data: Json | undefined) => checks.fieldOf(data, "task");
const groupOf = (id: string, view: HistoryView) => tasks.in(view).find(({ key }) => key === id);
/** 422, where the task was refused and never performed; 409, where somebody ended it. */
const refusalOf = (id: string, view: HistoryView): number[] => {
  const { ledger = [], effects = [], isInterrupted } = groupOf(id, view) ?? {};
  const isRefused = effects.length === 0 && ledger.some(({ type }) => type === "refusal");
  return [...(isRefused ? [REFUSED] : []), ...(isInterrupted ? [ENDED] : [])];
};
const ackedBefore = ({ args, invoked }: { args: { id: string }; invoked: number }, view: HistoryView): boolean => {
  const { operations = [], isInterrupted = false } = groupOf(args.id, view) ?? {};
  const acked = [...submit.among(operations), ...send.among(operations)];
  return !isInterrupted && acked.some(({ outcome, completed }) => outcome === "ok" && completed < invoked);
};

// --- what must hold

const ackedIsNeverLost = tasks.every(({ key, operations, ledger, isInterrupted }) => {
  const acked = operations.find((one) => (submit.is(one) || send.is(one)) && one.outcome === "ok");
  const isSettled = ledger.some(({ type }) => type === "effect" || type === "refusal");
  if (!acked || isSettled || isInterrupted) return undefined;
  return violation(`${key} was accepted, and never performed.`, { expected: "it is performed" }, acked);
});

/** The earliest time counts that any of its submissions allows, those that nobody answered included. */
const notBeforeItsTime = tasks.every(({ key, operations, effects }, { events }) => {
  const allowed = [...submit.among(operations), ...send.among(operations)].map((one) => ({
    one,
    after: one.args.delayMs,
  }));
  const asked = [...allowed, ...run.among(operations).map((one) => ({ one, after: 0 }))];
  const due = Math.min(...asked.map(({ one, after }) => (events[one.invoked]?.at ?? 0) + after));
  const begins = events.findIndex(
    (event) =>
      event.type === "attempt" && event.phase === "started" && asked.some(({ one }) => one.id === event.operation),
  );
  for (const index of [begins, ...effects.map((effect) => effect.index)]) {
    const begun = events[index]?.at ?? due;
    if (begun < due - TOLERANCE_MS)
      return violation(
        `${key} began ${Math.round(due - begun)} ms too early.`,
        { expected: `from ${Math.round(due)} ms on`, seen: `at ${Math.round(begun)} ms` },
        index,
        asked.map(({ one }) => one),
      );
  }
  return undefined;
});

/** All who wait are told the same, and it is what was done. */
const resultIsWhatWasDone = tasks.every(({ key, operations, attached, effects }, view) => {
  const told = [...run.among(operations), ...result.among(operations)];
  for (const one of [...told, ...attached]) {
    if (one.result === undefined || (one.of !== undefined && one.result === null)) continue;
    const effect = effects.find(({ index }) => index < one.left || one.outcome === "info");
    const seen = checks.fieldOf(JSON.parse(JSON.stringify(one.result)), "result");
    const expected = effect ? `${taskOf(effect.data)}: DONE` : "an effect before the answer";
    if (seen === expected) continue;
    return violation(
      `${one} was told of ${key} what was not done.`,
      { expected, seen: seen ?? null },
      one,
      effect,
      view.faults,
    );
  }
  return undefined;
});

// --- the property

const T1 = { id: "@t1", task: "paint", delayMs: 0 };
const LATER = { ...T1, delayMs: 80 };
const asked = result({ id: "@t1" });
const ran = run({ id: "@t1", task: "paint" });
const [effect, secondEffect] = [at.externalCall("o1", 1), at.externalCall("o1", 2)];

property("a task that was accepted is performed once, when it is due", {
  pattern: "message-queue",
  settings: { EXTERNAL_RETRY_INTERVAL: 5, EXTERNAL_RETRY_MAX_INTERVAL: 20 },
  storm: { operations: 9 },
  operations: { submit, send, run, result, malformed },
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
    "submitted twice at the same time": scenario({
      o1: submit(T1),
      o2: submit(T1).after(at.invoked("o1")),
      o3: ran,
      o4: asked,
    }),
    "submitted again after its answer": scenario({
      o1: submit(T1),
      o2: submit(T1).after("o1"),
      o3: send(T1).after("o2"),
    }),
    "submitted again after a lost answer": scenario(
      { o1: submit(T1), o2: submit(T1).after("o1"), o3: asked.after("o2") },
      faults.walkAway.after(at.invoked("o1")),
    ),
    "a client loses its connection and submits again": scenario(
      { o1: submit(LATER) },
      faults.reconnect.after(at.invoked("o1")),
    ),
    "submitted again with less delay": scenario({ o1: submit(LATER), o2: submit({ ...T1, delayMs: 40 }).after("o1") }),
    "another task under the same id": scenario({
      o1: submit(T1),
      o2: submit({ ...T1, task: "sing" }),
      o3: asked.after("o1", "o2"),
    }),
    "awaited, and attached to, before it begins": scenario({
      o1: submit(LATER),
      o2: asked.after("o1"),
      o3: asked.after("o1"),
      o4: attach("o1").after("o1"),
    }),
    "attached to when it has long been there": scenario({
      o1: ran,
      o2: attach("o1").after("o1"),
      o3: asked.after("o1"),
    }),
    "awaited before it is submitted": scenario({
      o1: asked,
      o2: submit(T1).after("o1"),
      o3: asked.after("o2"),
    }).reachedWhen(result.some(({ error }) => error?.code === UNKNOWN)),
    "the answer is lost after the effect": scenario({ o1: submit(T1) }, faults.loseAnswer.after(effect)),
    "Restate is killed while a task is delayed": scenario(
      { o1: submit(LATER), o2: asked.after("o1") },
      faults.killServer.after(at.answered("o1")),
    ),
    "submitted while Restate is down": scenario({ o1: submit(T1) }, faults.killServer.before(at.invoked("o1"))),
    "the endpoint is killed while a task is delayed": scenario(
      { o1: submit(LATER), o2: submit(LATER).after("o1") },
      faults.killEndpoint.after(at.answered("o1")),
    ),
    "the endpoint is killed after the effect": scenario(
      { o1: submit(T1), o2: asked },
      faults.killEndpoint.after(effect),
    ),
    "refused, and everyone hears of it": scenario({
      o1: submit({ ...T1, task: IMPOSSIBLE_TASK }),
      o2: asked.after("o1"),
      o3: ran.after("o1"),
    }).reachedWhen(result.some(({ error }) => error?.code === REFUSED)),
    "it fails twice before it is performed": scenario(
      { o1: submit(T1), o2: asked.after("o1") },
      faults.failCall.before(effect),
      faults.failCall.before(secondEffect),
    ),
    "it stalls while others wait for it": scenario({ o1: ran, o2: asked.before(effect) }, faults.stall.before(effect)),
    "a zombie performs it late": scenario(
      { o1: submit(T1), o2: asked.after("o1") },
      faults.zombie.before(effect).until(at.answered("o2")),
    ),
    "the connection to the endpoint is lost": scenario(
      { o1: ran, o2: asked },
      faults.cutConnection.after(at.message("o1", 2)),
    ),
    "cancelled while it is delayed, and submitted again": scenario({
      o1: submit(LATER),
      o2: cancel("o1").after("o1"),
      o3: submit({ ...T1, delayMs: 40 }).after("o2"),
      o4: asked.after("o3"),
    }).reachedWhen(tasks.some(({ isCancelled, effects }) => isCancelled && effects.length > 0)),
    "terminated while it runs": scenario({ o1: submit(T1), o2: asked.after("o1"), o3: terminate("o1").after(effect) }),
  },
});
