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
  ids,
  invalidInput,
  type Json,
  type OperationRecord,
  oneByOne,
  operation,
  property,
  scenario,
  terminate,
  violation,
} from "../harness/index.ts";

/** Easily mistaken for none, for an outcome, or for something else. A text, for a literal has no field __proto__. */
const VALUES: Json[] =
  JSON.parse(String.raw`[null, false, 0, "", "a", [], {}, -1.5e-7, {"error": "no"}, {"value": null},
  [null, [{"": []}]], {"__proto__": {"a": 1}, "toString": 2}, "\u0000 \u20ac \ud83d\ude00 \"\\"]`);

// --- what clients do

/** Requests with one key are one request; at the front one key may serve for several promises. */
type Asked = { promise: string; key?: string; value?: Json; errorMessage?: string };
const promise = ids("@p1", "@p1", "@p1", "@p2");
const asked = { promise, key: ids("@k1", "@k2", "@k3", "@k4", "@k5", "@k6") };
const keyed = (key: string | undefined, ...of: Json[]) =>
  key === undefined ? {} : { idempotencyKey: `${key}-${encodeURIComponent(JSON.stringify(of))}` };
const body = ([input]: Json[]) => (input === undefined ? {} : { input });

const SERVER = "durablePromiseServer";
const server = (verb: string, { promise, key, ...more }: Asked) => ({
  call: `${SERVER}/${verb}`,
  input: { request: { promiseName: promise, ...more } },
  ...keyed(key, promise, more),
});
const object = (verb: string, { promise, key, ...more }: Asked) => ({
  ...{ call: `promises/${verb}`, key: promise },
  ...body(Object.values(more)),
  ...keyed(key, more),
});
const front = (target: string, { promise, key, ...more }: Asked) => ({
  ...{ front: target, params: { promise } },
  ...body(Object.values(more)),
  ...keyed(key, more),
});

const Outcome = z.union([z.strictObject({ value: z.json() }), z.strictObject({ error: z.string() })]);
const GONE = { gone: true } as const;

const completion = (verb: string, offer: { [name: string]: fc.Arbitrary<Json> }) =>
  operation({
    args: fc.record<Asked>({ ...asked, ...offer }),
    request: (one) => server(verb, one),
    routes: { object: (one) => object(verb, one), front: (one) => front(`POST /promises/:promise/${verb}`, one) },
    answer: Outcome,
  });
const resolve = completion("resolve", { value: fc.constantFrom(...VALUES) });
const reject = completion("reject", { errorMessage: ids("no", "", '{"value": 1}', "\u20ac\n") });
const peek = operation({
  // it asks for the present: no two are one request
  args: fc.record<Asked>({ promise }),
  request: (one) => server("peek", one),
  routes: { object: (one) => object("peek", one), front: (one) => front("GET /promises/:promise", one) },
  answer: Outcome.nullable(),
});
const wait = operation({
  weight: 2,
  args: fc.record<Asked>(asked),
  request: (one) => server("await", one),
  routes: { front: (one) => front("GET /promises/:promise/result", one) },
  waits: true,
  answer: z.union([Outcome, z.strictObject({ gone: z.literal(true) })]),
  answerOf: ({ code }) => (code === 410 ? GONE : undefined),
});
const dispose = operation({
  args: fc.record<Asked>(asked),
  request: (one) => server("dispose", one),
  routes: { object: (one) => object("dispose", one) },
});
const malformed = invalidInput(
  { request: { call: "promises/await", key: "@p1", input: "no awakeable" }, field: "awakeable" },
  { request: { call: "promises/await", key: "@p1", input: `sign_1${"A".repeat(37)}B` }, field: "awakeable" },
  { request: { call: "promises/reject", key: "@p1", input: { no: "text" } }, field: "errorMessage" },
  { request: { front: "POST /promises/@p1/reject", input: [] }, field: "errorMessage" },
  { request: { call: `${SERVER}/resolve`, input: { request: { promiseName: "@p1" } } }, field: "value" },
  { request: { call: `${SERVER}/reject`, input: { request: { promiseName: "@p1" } } }, field: "errorMessage" },
  { request: { call: `${SERVER}/resolve`, input: { request: { value: 1 } } }, field: "promiseName" },
  { request: { call: `${SERVER}/await`, input: { request: { promiseName: "" } } }, field: "promiseName" },
  { request: { call: `${SERVER}/dispose`, input: {} }, field: "request" },
);

// --- what must hold

const kinds: AnyKind<Asked, Json>[] = [resolve, reject, peek, wait, dispose];
const promises = groupBy({ of: kinds, by: ({ promise }) => promise });
const waiters = groupBy({ of: [wait], by: ({ promise }) => promise });

type Rec = OperationRecord<Asked, Json>;
const offerOf = ({ args: { value, errorMessage } }: Rec): Json => {
  if (value !== undefined) return { value };
  return errorMessage === undefined ? null : { error: errorMessage };
};
const isGone = ({ result }: Rec): boolean => isDeepStrictEqual(result, GONE);
const isOffered = (outcome: Json, among: readonly Rec[], before: number): boolean =>
  among.some((one) => one.invoked < before && isDeepStrictEqual(offerOf(one), outcome));

type State = { outcome: Json; isFailing: boolean };
type Act = { does: string; promise: string; offer: Json };

/** A write-once register that can be emptied; who waits reads it once it is written, or fails when it is emptied before. */
const linearizable = checks.linearizable<State, Act, Json>(
  {
    name: "durable promise",
    init: () => ({ outcome: null, isFailing: false }),
    partition: ({ promise }) => promise,
    reads: ({ does }) => does === "peek" || does === "await",
    step(now, { does, offer }, output) {
      if (does === "dispose") return [{ outcome: null, isFailing: now.outcome === null }];
      if (isDeepStrictEqual(output, GONE)) return now.isFailing ? [now] : [];
      const outcome = now.outcome ?? offer;
      const isTold = output === undefined || isDeepStrictEqual(output, outcome);
      if (!isTold || (does === "await" && outcome === null)) return [];
      return outcome === now.outcome ? [now] : [{ outcome, isFailing: false }];
    },
  },
  kinds.map((kind) =>
    kind.as((one, view) => {
      const {
        kind,
        args: { promise },
      } = one;
      // a completion that was terminated half-way leaves some who do not know of it when the promise is disposed of
      const isHalfDone = promises.get(promise, view)?.operations.some((other) => other.isTerminated && offerOf(other));
      return isHalfDone && isGone(one) ? undefined : { does: kind, promise, offer: offerOf(one) };
    }),
  ),
);

/** In its first life a promise has one outcome. */
const singleValue = checks.agreement(promises, (one, { operations }) =>
  dispose.among(operations).some(({ invoked }) => invoked < one.completed) ? undefined : one.result,
);

const noInventedOutcome = promises.every(({ key, operations }) => {
  const isInvented = (one: Rec) => one.result && !isGone(one) && !isOffered(one.result, operations, one.completed);
  const one = operations.find(isInvented);
  return one && violation(`${one} was told of ${key} what nobody had offered.`, { seen: one.result }, one);
});

/** Whoever waits when a promise is disposed of is not answered by its next life. */
const disposeFailsWaiters = promises.every(({ key, requests }, { events }) => {
  for (const one of wait.among(requests)) {
    // it waits when its awakeable has been left
    const waits = events.findIndex(
      (event) => event.type === "attempt" && event.operation === one.id && event.child && event.phase === "ended",
    );
    const all = waits === -1 ? [] : dispose.among(requests);
    const gone = all.find(({ invoked, completed }) => waits < invoked && completed < one.completed);
    if (!gone || !one.result || isGone(one) || isOffered(one.result, requests, gone.completed)) continue;
    const summary = `${one} waited for ${key} when ${gone} disposed of it, and was answered by its next life.`;
    return violation(summary, { expected: "it fails", seen: one.result }, waits, gone, one);
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
const resolved = (value: Json, key = {}) => resolve({ ...p1, ...key, value });
const rejected = (errorMessage: string) => reject({ ...p1, errorMessage }).via("front");
const [yes, look, waiting, disposed] = [resolved("a"), peek(p1), wait(p1), dispose(p1)];
const [once, other] = [resolved("a", { key: "@k1" }), resolved(0, { key: "@k2" })];
const [waitingAtFront, onceAtFront] = [waiting.via("front"), once.via("front")];
/** Somebody has left an awakeable, and waits. */
const meanwhile = (draft: typeof yes, waits = "o1") => draft.after(at.message(waits, 5, { child: 1 }));
const waiterIs = (ended: typeof cancel) =>
  scenario({ o1: waiting, o2: waiting, o3: meanwhile(ended("o1")), o4: yes.after("o3") }).reachedWhen(
    wait.someTwo((one, other) => one.isInterrupted && other.result !== undefined),
  );

property("a promise is completed once, and everyone is told the same", {
  pattern: "durable-promises",
  operations: { resolve, reject, peek, await: wait, dispose, malformed },
  storm: { operations: 12 },
  audit: (operations) => promises.keysOf(operations).map((promise) => peek({ promise })),
  release: (operations) => waiters.keysOf(operations).map((promise) => dispose({ promise })),
  invariants: {
    linearizable,
    "single value": singleValue,
    "dispose fails the waiters": disposeFailsWaiters,
    "waiters fail only by a dispose": failsOnlyWithDispose,
    "no invented outcome": noInventedOutcome,
  },
  scenarios: {
    "two completions race": scenario({ o1: yes, o2: other.via("object"), o3: rejected("no") }).reachedWhen(
      resolve.someTwo((a, b) => a.overlaps(b)),
    ),
    "somebody waits, and is told": scenario({ o1: waiting, o2: meanwhile(resolved({ error: "no" })) }),
    "somebody at the front is told of a rejection": scenario({ o1: waitingAtFront, o2: meanwhile(rejected("")) }),
    "several wait": scenario({ o1: waiting, o2: waitingAtFront, o3: meanwhile(waiting), o4: meanwhile(yes, "o3") }),
    "somebody waits for a promise that is completed": scenario(oneByOne(yes, waiting, waitingAtFront)),
    "the value is null": scenario(oneByOne(look, resolved(null), look, look.via("front"), waiting, onceAtFront)),
    "values of every shape are told at the front": scenario(
      oneByOne(
        ...VALUES.map((value, n) => resolve({ promise: `@p${n}`, value }).via("front")),
        ...VALUES.map((_, n) => wait({ promise: `@p${n}`, key: "@k1" }).via("front")),
      ),
    ),
    "disposed of while somebody waits, and completed again": scenario(
      oneByOne(waiting, meanwhile(disposed), yes, look),
    ),
    "disposed of, and waited for": scenario(oneByOne(yes, disposed, look, waiting, meanwhile(other, "o4"))),
    "nobody completes it": scenario({ o1: waiting, o2: waitingAtFront }).reachedWhen(wait.some(isGone)),
    "a waiter is cancelled, and another is told": waiterIs(cancel),
    "a waiter is terminated, and another is told": waiterIs(terminate),
    "repeated after a lost answer": scenario(oneByOne(once, once), faults.walkAway.before(at.message("o1", 1))),
    "a completion is repeated after the promise was disposed of": scenario(
      oneByOne(onceAtFront, look, disposed, onceAtFront, look, other.via("front"), look),
    ),
    "the front's connection to its client breaks while it waits": scenario(
      { o1: waitingAtFront, o2: meanwhile(yes) },
      faults.reconnect.after(at.message("o1", 2)),
    ),
    "the endpoint is killed while somebody waits": scenario(
      { o1: waiting.retrying(2), o2: meanwhile(once).retrying(2) },
      faults.killEndpoint.after(at.message("o2", 1, { child: 1 })),
    ),
    "the process is killed in which somebody has begun to wait, and another completes the promise": scenario(
      oneByOne(waiting, look.after(at.answered("o1")).retrying(2), yes),
      faults.killEndpoint.before(at.message("o2", 1)),
    ),
    "Restate is killed while somebody waits": scenario(
      { o1: waitingAtFront, o2: meanwhile(once).retrying(3) },
      faults.killServer.before(at.message("o2", 1, { child: 1 })),
    ),
    "a completion is cut before it has told those who wait, and again after that": scenario(
      { o1: waiting, o2: meanwhile(yes.via("object")) },
      faults.cutStream.after(at.message("o2", 3)),
      faults.cutStream.after(at.message("o2", 3, { attempt: 2 })),
    ),
  },
});
