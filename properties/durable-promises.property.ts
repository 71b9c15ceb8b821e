import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { z } from "zod";
import {
  type AnyKind,
  at,
  cancel,
  checks,
  faults,
  groupBy,
  type HistoryView,
  ids,
  invalidInput,
  type Json,
  type OperationRecord,
  oneByOne,
  operation,
  property,
  type Request,
  scenario,
  terminate,
  textOf,
  violation,
} from "../harness/index.ts";

/** Easily mistaken for none, for an outcome, or for something else. */
const VALUES: Json[] = [
  ...[null, false, 0, "", "a", [], {}, -1.5e-7, { error: "no" }, { value: null }, [null, [{ "": [] }]]],
  JSON.parse('{"__proto__": {"a": 1}, "toString": 2}'),
  '\u0000 \u20ac \ud83d\ude00 "\\',
];

// --- what clients do

/** Requests with the same key are one request; without one, each is a request of its own. */
type Asked = { promise: string; key?: string; value?: Json; errorMessage?: string };
const asked = { promise: ids("@p1", "@p1", "@p1", "@p2"), key: ids("", "", "", "", "@k1", "@k2", "@k3", "@k4") };
const keyed = (key: string | undefined, ...of: Json[]) =>
  key ? { idempotencyKey: `${key}-${encodeURIComponent(JSON.stringify(of))}` } : {};
const body = ([input]: (Json | undefined)[]) => (input === undefined ? {} : { input });

const server = (verb: string, { promise, key, ...more }: Asked): Request => ({
  call: `durablePromiseServer/${verb}`,
  input: { request: { promiseName: promise, ...more } },
  ...keyed(key, promise, more),
});
const object = (verb: string, { promise, key, ...more }: Asked): Request => ({
  call: `promises/${verb}`,
  key: promise,
  ...body(Object.values(more)),
  ...keyed(key, more),
});
/** Its clients ask again on their own, and so have a key, which may serve for several promises. */
const front = (target: string, { promise, key, ...more }: Asked): Request => ({
  front: target,
  params: { promise },
  ...body(Object.values(more)),
  ...keyed(key || "@k0", more),
});

const Outcome = z.union([z.strictObject({ value: z.json() }), z.strictObject({ error: z.string() })]);
const GONE = { gone: true } as const;

const completion = (weight: number, verb: string, offer: { [name: string]: fc.Arbitrary<Json> }) =>
  operation({
    weight,
    args: fc.record<Asked>({ ...asked, ...offer }),
    request: (one) => server(verb, one),
    routes: {
      object: (one) => object(verb, one),
      front: (one) => front(`POST /promises/:promise/${verb}`, one),
    },
    answer: Outcome,
  });
const resolve = completion(4, "resolve", { value: fc.constantFrom(...VALUES) });
const reject = completion(2, "reject", { errorMessage: ids("no", "", '{"value": 1}', "\u20ac\n") });
/** It asks for the present: no two are one request. */
const peek = operation({
  weight: 3,
  args: fc.record<Asked>({ promise: asked.promise }),
  request: (one) => server("peek", one),
  routes: {
    object: (one) => object("peek", one),
    front: ({ promise }) => ({ front: "GET /promises/:promise", params: { promise } }),
  },
  answer: Outcome.nullable(),
});
const wait = operation({
  weight: 5,
  args: fc.record<Asked>(asked),
  request: (one) => server("await", one),
  routes: { front: (one) => front("GET /promises/:promise/result", one) },
  waits: true,
  answer: z.union([Outcome, z.strictObject({ gone: z.literal(true) })]),
  answerOf: ({ code }) => (code === 410 ? GONE : undefined),
});
const dispose = operation({
  weight: 3,
  args: fc.record<Asked>(asked),
  request: (one) => server("dispose", one),
  routes: { object: (one) => object("dispose", one) },
});
const asking = (field: string, verb: string, input: Json) => ({
  request: { call: `durablePromiseServer/${verb}`, input },
  field,
});
const malformed = invalidInput(
  { request: { call: "promises/await", key: "@p1", input: "no awakeable" }, field: "awakeable" },
  { request: { call: "promises/await", key: "@p1", input: "sign_1AAAA" }, field: "awakeable" },
  { request: { call: "promises/reject", key: "@p1", input: { no: "text" } }, field: "errorMessage" },
  { request: { front: "POST /promises/@p1/reject", input: [] }, field: "errorMessage" },
  asking("value", "resolve", { request: { promiseName: "@p1" } }),
  asking("errorMessage", "reject", { request: { promiseName: "@p1" } }),
  asking("promiseName", "resolve", { request: { value: 1 } }),
  asking("promiseName", "await", { request: { promiseName: "" } }),
  asking("request", "dispose", {}),
);

// --- what must hold

const kinds: AnyKind<Asked, Json>[] = [resolve, reject, peek, wait, dispose];
const promises = groupBy({ of: kinds, by: ({ promise }) => promise });

type Rec = OperationRecord<Asked, Json>;
const offerOf = ({ args: { value, errorMessage } }: Rec): Json => {
  if (value !== undefined) return { value };
  return errorMessage === undefined ? null : { error: errorMessage };
};
const isGone = ({ result }: Rec): boolean => isDeepStrictEqual(result, GONE);
const isOffered = (outcome: Json, among: readonly Rec[], before: number): boolean =>
  among.some((one) => one.invoked < before && isDeepStrictEqual(offerOf(one), outcome));

const act = (one: Rec) => ({ does: one.kind, promise: one.args.promise, offer: offerOf(one) });
type Act = ReturnType<typeof act>;
type State = { outcome: Json; isFailing: boolean };

/** A write-once register that can be emptied; who waits reads it once it is written, or fails when it is emptied before. */
const register = {
  name: "durable promise",
  init: (): State => ({ outcome: null, isFailing: false }),
  partition: ({ promise }: Act) => promise,
  reads: ({ does }: Act) => does === "peek" || does === "await",
  step(now: State, { does, offer }: Act, output?: Json) {
    if (does === "dispose") return [{ outcome: null, isFailing: now.outcome === null }];
    if (isDeepStrictEqual(output, GONE)) return now.isFailing ? [now] : [];
    const outcome = now.outcome ?? offer;
    const isTold = output === undefined || isDeepStrictEqual(output, outcome);
    if (!isTold || (does === "await" && outcome === null)) return [];
    return outcome === now.outcome ? [now] : [{ outcome, isFailing: false }];
  },
};
/** Where a completion was terminated half-way, some who wait have not heard of it when the promise is disposed of. */
const isUnheard = (one: Rec, view: HistoryView): boolean =>
  isGone(one) &&
  promises
    .in(view)
    .some(
      ({ key, operations }) =>
        key === one.args.promise && operations.some((other) => other.isTerminated && offerOf(other)),
    );
const linearizable = checks.linearizable<State, Act, Json>(
  register,
  kinds.map((kind) => kind.as((one, view) => (isUnheard(one, view) ? undefined : act(one)))),
);

/** In its first life a promise has one outcome. */
const singleValue = checks.agreement(promises, (one, { operations }) =>
  dispose.among(operations).some(({ invoked }) => invoked < one.completed) ? undefined : one.result,
);

const noInventedOutcome = promises.every(({ key, operations }) => {
  const isInvented = (one: Rec) => one.result && !isGone(one) && !isOffered(one.result, operations, one.completed);
  const one = operations.find(isInvented);
  return one && violation(`${one} was told of ${key} what nobody had offered.`, { seen: textOf(one.result) }, one);
});

/** Whoever waits when a promise is disposed of is not answered by its next life. */
const disposeFailsWaiters = promises.every(({ key, requests }, { events }) => {
  for (const one of wait.among(requests)) {
    const { result = null } = one;
    // its awakeable has been left
    const since = events.findIndex(
      (event) => event.type === "attempt" && event.operation === one.id && event.child && event.phase === "ended",
    );
    const gone = dispose
      .among(requests)
      .find((other) => since !== -1 && other.invoked > since && other.precedes({ invoked: one.completed }));
    if (!gone || result === null || isGone(one) || isOffered(result, requests, gone.completed)) continue;
    const summary = `${one} waited for ${key} when ${gone} disposed of it, and was answered by its next life.`;
    return violation(summary, { expected: "it fails", seen: textOf(result) }, since, gone, one);
  }
  return undefined;
});

const failsOnlyWithDispose = promises.every(({ key, requests }) => {
  const isStray = (one: Rec) => isGone(one) && !dispose.among(requests).some((other) => other.overlaps(one));
  const stray = requests.find(isStray);
  return stray && violation(`${stray} failed, and nobody disposed of ${key} meanwhile.`, {}, stray);
});

// --- the property

const p1 = { promise: "@p1" };
const resolved = (value: Json, key = "") => resolve({ ...p1, value, key });
const rejected = (errorMessage: string) => reject({ ...p1, errorMessage });
const [yes, once, look, waiting, disposed] = [resolved("a"), resolved("a", "@k1"), peek(p1), wait(p1), dispose(p1)];
/** Its awakeable has been left. */
const waits = (operation: string) => at.message(operation, 5, { child: 1 });
const someWaiterIsTold = (interruption: "cancel" | "terminate") =>
  promises.some(
    ({ requests }) =>
      requests.some((one) => one.interruptedBy.has(interruption) && wait.is(one)) &&
      wait.among(requests).some(({ result, isInterrupted }) => !isInterrupted && result !== undefined),
  );

property("a promise is completed once, and everyone is told the same", {
  pattern: "durable-promises",
  operations: { resolve, reject, peek, await: wait, dispose, malformed },
  storm: { operations: 12 },
  audit: (operations) => promises.keysOf(operations).map((promise) => peek({ promise })),
  release: (operations) =>
    promises.keysOf(operations.filter(({ kind }) => kind === "await")).map((promise) => dispose({ promise })),
  invariants: {
    linearizable,
    "single value": singleValue,
    "dispose fails the waiters": disposeFailsWaiters,
    "waiters fail only by a dispose": failsOnlyWithDispose,
    "no invented outcome": noInventedOutcome,
  },
  scenarios: {
    "two completions race": scenario({
      o1: yes,
      o2: resolved(0).via("object"),
      o3: rejected("no").via("front"),
    }).reachedWhen(
      promises.someTwo(
        (a, b) => a.overlaps(b) && offerOf(a) !== null && offerOf(b) !== null && a.args.value !== b.args.value,
      ),
    ),
    "somebody waits, and is told": scenario(oneByOne(waiting, resolved({ error: "no" }).after(waits("o1")))),
    "somebody waits at the front, and is told of a rejection": scenario(
      oneByOne(waiting.via("front"), rejected("").via("front").after(waits("o1"))),
    ),
    "several wait for one promise": scenario({
      o1: waiting,
      o2: waiting.via("front"),
      o3: waiting.after(waits("o1")),
      o4: resolved([]).via("front").after(waits("o3")),
    }),
    "somebody waits for a promise that is completed": scenario(oneByOne(yes, waiting, waiting.via("front"))),
    "the value is null": scenario(oneByOne(look, resolved(null), look, look.via("front"), waiting, yes.via("front"))),
    "values of every shape are told at the front": scenario(
      oneByOne(
        ...VALUES.flatMap((value, n) => [
          resolve({ promise: `@p${n}`, value }).via("front"),
          wait({ promise: `@p${n}` }).via("front"),
        ]),
      ),
    ),
    "a promise is disposed of while somebody waits, and completed again": scenario(
      oneByOne(waiting, disposed.after(waits("o1")), yes.after("o1"), look),
    ),
    "a completed promise is disposed of, and waited for": scenario(
      oneByOne(yes, disposed, look, waiting, resolved(0).after(waits("o4"))),
    ),
    "nobody completes what is waited for": scenario({ o1: waiting, o2: waiting.via("front") }).reachedWhen(
      wait.some(isGone),
    ),
    "a waiter is cancelled, and another is told": scenario({
      o1: waiting,
      o2: waiting,
      o3: cancel("o1").after(waits("o1")),
      o4: yes.after("o3"),
    }).reachedWhen(someWaiterIsTold("cancel")),
    "a waiter is terminated, and another is told": scenario({
      o1: waiting,
      o2: waiting,
      o3: terminate("o1").after(waits("o1")),
      o4: yes.after("o3"),
    }).reachedWhen(someWaiterIsTold("terminate")),
    "a completion is repeated after a lost answer": scenario(
      oneByOne(once, once),
      faults.walkAway.before(at.message("o1", 1)),
    ),
    "a completion is repeated after the promise was disposed of": scenario(
      oneByOne(once.via("front"), look, disposed, once.via("front"), look, resolved(0, "@k2").via("front"), look),
    ),
    "the front's connection to its client breaks while it waits": scenario(
      { o1: waiting.via("front"), o2: yes.after(waits("o1")) },
      faults.reconnect.after(at.message("o1", 2)),
    ),
    "the endpoint is killed while somebody waits": scenario(
      { o1: waiting.retrying(2), o2: once.after(waits("o1")).retrying(2) },
      faults.killEndpoint.after(at.message("o2", 1, { child: 1 })),
    ),
    "a process is killed in which somebody has begun to wait, and another completes the promise": scenario(
      oneByOne(waiting, look.after(at.answered("o1")).retrying(2), yes),
      faults.killEndpoint.before(at.message("o2", 1)),
    ),
    "Restate is killed while somebody waits": scenario(
      { o1: waiting.via("front"), o2: once.after(waits("o1")).retrying(3) },
      faults.killServer.before(at.message("o2", 1, { child: 1 })),
    ),
    "a completion is cut before it has told those who wait, and again after that": scenario(
      { o1: waiting, o2: yes.via("object").after(waits("o1")) },
      faults.cutStream.after(at.message("o2", 3)),
      faults.cutStream.after(at.message("o2", 3, { attempt: 2 })),
    ),
  },
});
