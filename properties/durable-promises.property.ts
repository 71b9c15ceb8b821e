import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import {
  type Checker,
  encode,
  eventsOf,
  invalid,
  linearizable,
  type Model,
  mergingDuplicates,
  nameOf,
  noInventedEffect,
  sameAnswer,
  singleValue,
} from "../harness/check/index.ts";
import { endedBy, type History, overlap, type Performed, performed, struck } from "../harness/history/index.ts";
import {
  atMessage,
  atOperation,
  type Call,
  ending,
  fault,
  type Json,
  type Moment,
  type Operation,
  operation,
  type Plan,
  type Request,
  storm,
} from "../harness/plan/index.ts";
import { property, type Situation } from "../harness/session/index.ts";

type Via = "object" | "server" | "front";
type Verb = "resolve" | "reject" | "peek" | "await" | "dispose";
type Outcome = { value: Json } | { error: string };

const onObject = (promise: string, handler: string): Call => ({ service: "promises", handler, key: promise });
const onServer = (handler: string): Call => ({ service: "durablePromiseServer", handler });
const onFront = (handler: string): Call => ({ app: "durable-promises", handler });
const ROUTES: Partial<Record<Verb, [method: string, rest: string]>> = {
  resolve: ["POST", "/resolve"],
  reject: ["POST", "/reject"],
  peek: ["GET", ""],
  await: ["GET", "/result"],
};

/** @param input the value, or the message */
function ask(via: Via, verb: Verb, promise: string, input?: Json): Request {
  const body = input !== undefined && { input };
  if (via === "object") return { call: onObject(promise, verb), ...body };
  if (via === "front") {
    const [method, rest] = ROUTES[verb]!;
    return { call: onFront(`${method} /promises/${promise}${rest}`), ...body };
  }
  const more = verb === "resolve" ? { value: input! } : verb === "reject" ? { errorMessage: input! } : {};
  return { call: onServer(verb), input: { request: { promiseName: promise, ...more } } };
}

/** Values that are easily mistaken for none, for an outcome, or for something else. */
const VALUES: Json[] = [
  null,
  false,
  0,
  "",
  "a",
  [],
  {},
  -1.5e-7,
  { error: "no" },
  { value: null },
  [null, [{ "": [] }]],
  JSON.parse('{"__proto__": {"a": 1}, "toString": 2}') as Json,
  '\u0000 \u20ac \ud83d\ude00 "\\',
];
const MESSAGES = ["no", "", '{"value": 1}', "\u20ac\n"];

const promise = fc.constantFrom("@p1", "@p1", "@p1", "@p2");
const anywhere = fc.constantFrom<Via>("object", "server", "front");

/**
 * Requests with one key are one request; at the front the same key may serve for two promises. The front's clients ask
 * again on their own, and so always have one.
 */
const keyed = (via: Via, key: string | undefined, name: string, promise: string, request: Request): Request => {
  if (via === "front") return { ...request, idempotencyKey: `${key ?? "@k0"}-${name}` };
  return key === undefined ? request : { ...request, idempotencyKey: `${key}-${via}-${name}-${promise.slice(1)}` };
};
const key = fc.option(fc.constantFrom("@k1", "@k2", "@k3", "@k4"), { nil: undefined });

const completion = (verb: "resolve" | "reject", inputs: readonly Json[]): fc.Arbitrary<Request> =>
  fc
    .record({ via: anywhere, promise, key, choice: fc.nat({ max: inputs.length - 1 }) })
    .map(({ via, promise, key, choice }) =>
      keyed(via, key, `${verb}-${choice}`, promise, ask(via, verb, promise, inputs[choice]!)),
    );
const peek: fc.Arbitrary<Request> = fc
  .record({ via: anywhere, promise })
  .map(({ via, promise }) => ask(via, "peek", promise));
const wait: fc.Arbitrary<Request> = fc
  .record({ via: fc.constantFrom<Via>("server", "front"), promise, key })
  .map(({ via, promise, key }) => keyed(via, key, "await", promise, ask(via, "await", promise)));
const dispose: fc.Arbitrary<Request> = fc
  .record({ via: fc.constantFrom<Via>("object", "server"), promise, key })
  .map(({ via, promise, key }) => keyed(via, key, "dispose", promise, ask(via, "dispose", promise)));

/** Requests that are refused, and what the refusal names. */
const NONSENSE: { request: Request; names: string }[] = [
  { request: { call: onObject("@p1", "await"), input: "no awakeable" }, names: "awakeable" },
  { request: { call: onObject("@p1", "await"), input: "sign_1AAAA" }, names: "awakeable" },
  { request: { call: onObject("@p1", "reject"), input: { no: "text" } }, names: "errorMessage" },
  { request: { call: onServer("resolve"), input: { request: { promiseName: "@p1" } } }, names: "value" },
  { request: { call: onServer("reject"), input: { request: { promiseName: "@p1" } } }, names: "errorMessage" },
  { request: { call: onServer("resolve"), input: { request: { value: 1 } } }, names: "promiseName" },
  { request: { call: onServer("await"), input: { request: { promiseName: "" } } }, names: "promiseName" },
  { request: { call: onServer("dispose"), input: {} }, names: "request" },
  { request: { call: onFront("POST /promises/@p1/reject"), input: [] }, names: "errorMessage" },
];
const nonsense: fc.Arbitrary<Request> = fc.constantFrom(...NONSENSE).map(({ request }) => request);

/**
 * Whoever waits keeps no other operation of its client waiting: it waits as a client of its own, from when the client came
 * to it. The first one waits from the start, and every other client begins only then: else most would find the promise
 * completed.
 */
function waitingApart(plan: Plan): Plan {
  const first = plan.operations.find(({ kind }) => kind === "await")?.id;
  const last = new Map<string, string>();
  const operations = plan.operations.map((one): Operation => {
    const before = last.get(one.client);
    const free = !one.at && !one.after;
    if (one.kind === "await") {
      const at = free && before !== undefined && one.id !== first && { at: completed(before) };
      return { ...one, client: `w${one.id}`, ...at };
    }
    const late = free && before === undefined && first !== undefined && last.size % 2 === 1;
    last.set(one.client, one.id);
    return late ? { ...one, at: whenWaiting(first) } : one;
  });
  return { ...plan, operations };
}
const completed = (operation: string): Moment => atOperation(operation, "completion");

// --- what a history says

interface Asked {
  promise: string;
  verb: Verb;
  via: Via;
  /** resolve and reject */
  offer?: Outcome;
}

/** What an operation asks of a promise; undefined for what is no request, or nonsense. */
function askedBy({ call, input, kind, mode }: Operation): Asked | undefined {
  if (!call || kind === "nonsense" || mode !== "call") return undefined;
  if ("app" in call) {
    const [, promise = "", rest = ""] = /^\w+ \/promises\/([^/]+)(?:\/(\w+))?$/.exec(call.handler) ?? [];
    return asked("front", promise, rest === "result" ? "await" : ((rest || "peek") as Verb), input);
  }
  if (call.service === "promises") return asked("object", call.key!, call.handler as Verb, input);
  const { promiseName, value, errorMessage } = (input as { request: Record<string, Json> }).request;
  return asked("server", promiseName as string, call.handler as Verb, value === undefined ? errorMessage : value);
}

function asked(via: Via, promise: string, verb: Verb, input: Json | undefined): Asked {
  if (verb === "resolve") return { promise, verb, via, offer: { value: input! } };
  if (verb === "reject") return { promise, verb, via, offer: { error: input as string } };
  return { promise, verb, via };
}

type Asking = Performed & Asked;
const askings = (history: History): Asking[] =>
  performed(history).flatMap((one) => {
    const what = one.invoke === undefined ? undefined : askedBy(one.operation);
    return what ? [{ ...one, ...what }] : [];
  });

/** The answer that was heard, if it tells an outcome: undefined for none yet. */
function toldBy({ completion, verb }: Asking): { outcome: Outcome | undefined } | undefined {
  if (completion?.type !== "ok" || verb === "dispose") return undefined;
  return { outcome: (completion.value as Outcome | null) ?? undefined };
}

const GONE = 410;
const failedBy = ({ completion }: Performed): number | undefined =>
  completion?.type === "fail" ? completion.status : undefined;
const isDisposed = (one: Asking): boolean => one.verb === "await" && failedBy(one) === GONE;

/** The operations whose invocation somebody ended, its duplicates included. */
function withDuplicates({ plan: { operations } }: History, ended: Set<string>): Set<string> {
  const requestOf = ({ call, idempotencyKey, id }: Operation) => encode([call, idempotencyKey ?? id]);
  const requests = new Set(operations.filter(({ id }) => ended.has(id)).map(requestOf));
  return new Set(operations.filter((one) => requests.has(requestOf(one))).map(({ id }) => id));
}

/** The history in which those that were cancelled or terminated are what they are: it is open what they did. */
function openEnded(history: History): History {
  const ended = withDuplicates(history, endedBy(history, "cancel", "terminate"));
  if (ended.size === 0) return history;
  const events = history.events.map((event) =>
    event.type === "fail" && event.status === 409 && ended.has(event.operation)
      ? { type: "info" as const, at: event.at, operation: event.operation, reason: "it was ended" }
      : event,
  );
  return { ...history, events };
}

// --- the model of one promise

interface PromiseState {
  outcome: Outcome | null;
  /** just now it was disposed of while somebody may have waited: those who did fail */
  failing?: boolean;
  /** whoever completed it was terminated before those who wait were told */
  untold?: boolean;
}
type PromiseInput = { promise: string } & (
  | { does: "complete"; offer: Outcome; terminated: boolean }
  | { does: "peek" | "await" | "dispose" }
);
type PromiseOutput = Outcome | null | "failed";

/** A write-once register that can be emptied; who waits reads it once it is written, or fails when it is emptied before. */
const durablePromise: Model<PromiseState, PromiseInput, PromiseOutput> = {
  name: "durable promise",
  init: () => ({ outcome: null }),
  partition: ({ promise }) => promise,
  step({ outcome, failing, untold }, input, output) {
    const isTold = (now: Outcome | null) => output === undefined || isDeepStrictEqual(output, now);
    switch (input.does) {
      case "complete": {
        const now = outcome ?? input.offer;
        if (!isTold(now)) return [];
        return [{ outcome: now }, ...(input.terminated ? [{ outcome: now, untold: true }] : [])];
      }
      case "peek":
        return isTold(outcome) ? [{ outcome, ...(untold && { untold }) }] : [];
      case "await":
        if (output === "failed") return failing ? [{ outcome, failing }] : [];
        return outcome !== null && isTold(outcome) ? [{ outcome, ...(untold && { untold }) }] : [];
      case "dispose":
        return [{ outcome: null, ...((outcome === null || untold) && { failing: true }) }];
    }
  },
  describe(input, output) {
    const asked = input.does === "complete" ? `complete(${JSON.stringify(input.offer)})` : `${input.does}()`;
    return `${input.promise}.${asked} -> ${output === undefined ? "?" : JSON.stringify(output)}`;
  },
  describeState: ({ outcome }) => (outcome === null ? "it is pending" : `it holds ${JSON.stringify(outcome)}`),
};

const linearizablePromise: Checker = (history, budget) => {
  const terminated = withDuplicates(history, endedBy(history, "terminate"));
  return linearizable<PromiseState, PromiseInput, PromiseOutput>(durablePromise, {
    select(operation, outcome, later) {
      const { promise, verb, offer } = askedBy(operation) ?? auditOf(operation) ?? {};
      if (promise === undefined || verb === undefined) return undefined;
      if (outcome?.type === "fail")
        return verb === "await" && outcome.status === GONE
          ? { input: { promise, does: verb }, output: "failed" }
          : undefined;
      if (verb === "dispose") return { input: { promise, does: verb } };
      const value = outcome?.type === "ok" ? outcome.value : later?.status === "succeeded" ? later.value : undefined;
      const output = value as Outcome | null | undefined;
      if (offer)
        return { input: { promise, does: "complete", offer, terminated: terminated.has(operation.id) }, output };
      return value === undefined ? undefined : { input: { promise, does: verb as "peek" | "await" }, output };
    },
  })(openEnded(history), budget);
};

const auditOf = ({ kind, id }: Operation): Asked | undefined =>
  kind === "audit" ? { promise: id, verb: "peek", via: "server" } : undefined;

/** What is found at the end is the last answer. */
function audited(history: History): History {
  const answers = Object.entries(history.final.answers ?? {});
  const at = history.events.length;
  return {
    ...history,
    plan: {
      ...history.plan,
      operations: [
        ...history.plan.operations,
        ...answers.map(([id]): Operation => ({ id, client: "audit", kind: "audit", mode: "call" })),
      ],
    },
    events: [
      ...history.events,
      ...answers.flatMap(([operation, value]): History["events"] => [
        { type: "invoke", at, operation },
        { type: "ok", at, operation, value },
      ]),
    ],
  };
}

// --- what else must hold

const disposedIn = (history: History): Set<string> =>
  new Set(askings(history).flatMap(({ verb, promise }) => (verb === "dispose" ? [promise] : [])));

/** In one life of a promise, which is where it is never disposed of. */
const oneValue: Checker = (history, budget) => {
  const disposed = disposedIn(history);
  const asking = (one: Performed): Asking | undefined => {
    const what = askedBy(one.operation);
    return what && !disposed.has(what.promise) ? { ...one, ...what } : undefined;
  };
  return singleValue({
    told(one) {
      const what = asking(one);
      const told = what && toldBy(what);
      return told && { object: what.promise, value: told.outcome };
    },
    offered(one) {
      const what = asking(one);
      return what?.offer && { object: what.promise, value: what.offer };
    },
  })(history, budget);
};

const noInventedOutcome: Checker = (history, budget) => {
  const operations = new Map(history.plan.operations.map((one) => [one.id, one]));
  const name = (promise: string, outcome: Json) => `${promise}: ${encode(outcome)}`;
  return noInventedEffect({
    happened(event) {
      const what = event.type === "ok" ? askedBy(operations.get(event.operation)!) : undefined;
      if (event.type !== "ok" || !what || what.verb === "dispose" || event.value === null) return undefined;
      return name(what.promise, event.value);
    },
    asked({ operation }) {
      const what = askedBy(operation);
      return what?.offer && name(what.promise, what.offer);
    },
  })(history, budget);
};

/** Where its registration was seen to end: from there on it waits. */
const registered = ({ events }: History, { operation }: Performed): number | undefined => {
  const index = events.findIndex(
    (event) =>
      event.type === "attempt" &&
      event.operation === operation.id &&
      event.child !== undefined &&
      event.phase === "ended" &&
      event.target.startsWith("promises/"),
  );
  return index === -1 ? undefined : index;
};

/** Those who were seen to wait, with the place from which on they do. */
const waitersIn = (history: History): (Asking & { since: number })[] =>
  askings(history).flatMap((one) => {
    const since = one.verb === "await" ? registered(history, one) : undefined;
    return since === undefined ? [] : [{ ...one, since }];
  });

/** It has no end, and all that was going on is over. */
const waitsForEver = ({ final }: History, { outcome }: Performed): boolean => !final.quiescent && outcome === undefined;

/** Whoever waits for a promise when it is completed is told, as is whoever comes later. */
const waitersAreTold: Checker = (history) => {
  const all = askings(history);
  for (const one of waitersIn(history)) {
    if (!waitsForEver(history, one)) continue;
    const completion = all.find(
      (other) =>
        other.promise === one.promise && other.offer && other.completion?.type === "ok" && one.since < other.completed!,
    );
    const isOpen = all.some(
      ({ promise, verb, invoke }) =>
        completion && promise === one.promise && verb === "dispose" && invoke! < completion.completed!,
    );
    if (!completion || isOpen) continue;
    return invalid(
      `${nameOf(one)} waits for ${one.promise} for ever, although ${nameOf(completion)} has completed it.`,
      [one.invoke, one.since, ...eventsOf(completion)],
      { expected: "it is told the outcome", seen: "nothing" },
    );
  }
  return { verdict: "valid" };
};

/** Whoever waits when a promise is disposed of fails then, and is not answered by the next life of the promise. */
const disposeFailsWaiters: Checker = (history) => {
  const all = askings(history);
  for (const one of waitersIn(history)) {
    const told = toldBy(one)?.outcome;
    const forEver = waitsForEver(history, one);
    const dispose = all.find(
      (other) =>
        other.verb === "dispose" &&
        other.promise === one.promise &&
        one.since < other.invoke! &&
        other.completion?.type === "ok" &&
        (forEver || (told && other.completed! < one.completed!)),
    );
    const before = all.some(
      ({ promise, offer, invoke }) =>
        dispose && promise === one.promise && isDeepStrictEqual(offer, told) && invoke! < dispose.completed!,
    );
    if (!dispose || (before && !forEver)) continue;
    const seen = forEver ? "waits for ever" : `was answered ${JSON.stringify(told)}, which was offered only after that`;
    return invalid(
      `${nameOf(one)} waited for ${one.promise} when it was disposed of, and ${seen}.`,
      [one.since, ...eventsOf(dispose), one.completed],
      { expected: `it fails with ${GONE}`, seen },
    );
  }
  return { verdict: "valid" };
};

const failsOnlyWithDispose: Checker = (history) => {
  // what was not answered, or was ended, may go on
  const all = askings(openEnded(history)).map(({ completed, ...one }) =>
    one.completion?.type === "info" || completed === undefined ? one : { ...one, completed },
  );
  const stray = all.find(
    (one) =>
      isDisposed(one) &&
      !all.some((other) => other.verb === "dispose" && other.promise === one.promise && overlap(one, other)),
  );
  if (!stray) return { verdict: "valid" };
  return invalid(
    `${nameOf(stray)} failed as if ${stray.promise} had been disposed of, and nobody did that meanwhile.`,
    eventsOf(stray),
  );
};

/** Nonsense is refused, by the name of what is wrong; nothing else is, but waits for what is disposed of, or was ended. */
const refusesOnlyNonsense: Checker = (history) => {
  for (const one of performed(openEnded(history))) {
    const { operation, completion } = one;
    const wrong = operation.kind === "nonsense" ? (nonsenseOf(operation)?.names ?? "") : undefined;
    if (wrong !== undefined && completion?.type === "ok")
      return invalid(`${nameOf(one)} makes no sense, and was not refused.`, eventsOf(one), {
        expected: `400, naming ${wrong}`,
        seen: JSON.stringify(completion.value),
      });
    if (completion?.type !== "fail" || !operation.call) continue;
    const { status, message } = completion;
    if (wrong === undefined && status === GONE && askedBy(operation)?.verb === "await") continue;
    if (wrong !== undefined && status === 400 && message.includes(wrong)) continue;
    return invalid(`${nameOf(one)} was refused with ${status}: ${message}`, eventsOf(one), {
      expected: wrong === undefined ? "an answer" : `400, naming ${wrong}`,
      seen: `${status}: ${message}`,
    });
  }
  return { verdict: "valid" };
};
const nonsenseOf = ({ call, input }: Operation) =>
  NONSENSE.find(({ request }) => isDeepStrictEqual([request.call, request.input], [call, input]));

// --- the storm

const resolving = (id: string, value: Json, more: Partial<Operation> = {}, via: Via = "server"): Operation =>
  operation(id, "resolve", ask(via, "resolve", "@p1", value), more);
const rejecting = (id: string, message: string, more: Partial<Operation> = {}, via: Via = "server"): Operation =>
  operation(id, "reject", ask(via, "reject", "@p1", message), more);
const peeking = (id: string, more: Partial<Operation> = {}, via: Via = "server"): Operation =>
  operation(id, "peek", ask(via, "peek", "@p1"), more);
const waiting = (id: string, more: Partial<Operation> = {}, via: Via = "server"): Operation =>
  operation(id, "await", ask(via, "await", "@p1"), more);
const disposing = (id: string, more: Partial<Operation> = {}): Operation =>
  operation(id, "dispose", ask("server", "dispose", "@p1"), more);

/** The registration of a waiter has ended. */
const whenWaiting = (operation: string): Moment => atMessage(5, "after", { operation, child: 1 });

const some = (history: History, is: (one: Asking, all: Asking[]) => boolean): boolean => {
  const all = askings(history);
  return all.some((one) => is(one, all));
};
const waited = (history: History, is: (outcome: Outcome) => boolean): boolean =>
  waitersIn(history).some((one) => {
    const told = toldBy(one)?.outcome;
    const later = askings(history).filter(({ promise, invoke }) => promise === one.promise && one.since < invoke!);
    return told !== undefined && is(told) && later.some(({ offer }) => offer);
  });
/** A waiter is ended, and another is told nevertheless. */
const endedWaiter = (mode: "cancel" | "terminate"): Situation => ({
  met: (history) =>
    performed(history).some(({ operation, completion }) => {
      const target = history.plan.operations.find(({ id }) => id === operation.of);
      return operation.mode === mode && target?.kind === "await" && completion?.type === "ok";
    }),
  plan: {
    operations: [
      waiting("o1"),
      waiting("o2"),
      ending(mode, "o3", whenWaiting("o1")),
      resolving("o4", "a", { after: ["o3"] }),
    ],
  },
});

property("a promise is completed once, and everyone is told the same", {
  pattern: "durable-promises",
  plan: (shapes, alone) =>
    storm({
      operations: 12,
      kinds: {
        resolve: {
          weight: 4,
          request: completion("resolve", VALUES),
          messages: { toEndpoint: 4, toServer: 6 },
          children: 1,
          ends: ["cancel", "terminate"],
        },
        reject: {
          weight: 2,
          request: completion("reject", MESSAGES),
          messages: { toEndpoint: 4, toServer: 6 },
          children: 1,
          ends: ["cancel", "terminate"],
        },
        peek: { weight: 3, request: peek, messages: { toEndpoint: 4, toServer: 3 }, children: 1 },
        await: {
          weight: 5,
          request: wait,
          messages: { toEndpoint: 4, toServer: 4 },
          children: 1,
          ends: ["cancel", "cancel", "terminate"],
        },
        dispose: {
          weight: 3,
          request: dispose,
          messages: { toEndpoint: 4, toServer: 6 },
          children: 1,
          ends: ["terminate"],
        },
        nonsense: { weight: 1, request: nonsense },
      },
    })(shapes, alone).map(waitingApart),
  closing: (plan) => promisesOf(plan, "await").map((one) => onObject(one, "dispose")),
  audit: (plan) => Object.fromEntries(promisesOf(plan).map((one) => [one, onObject(one, "peek")])),
  invariants: {
    linearizable: (history, budget) => mergingDuplicates(linearizablePromise)(audited(history), budget),
    "single value": oneValue,
    "same answer": sameAnswer(),
    "waiters are told": waitersAreTold,
    "dispose fails the waiters": mergingDuplicates(disposeFailsWaiters),
    "waiters fail only by a dispose": mergingDuplicates(failsOnlyWithDispose),
    "only nonsense is refused": refusesOnlyNonsense,
    "no invented outcome": noInventedOutcome,
  },
  reaches: {
    "two completions race": {
      met: (history) =>
        some(history, (one, all) =>
          all.some(
            (other) =>
              one.offer &&
              other.offer &&
              one.promise === other.promise &&
              !isDeepStrictEqual(one.offer, other.offer) &&
              overlap(one, other),
          ),
        ),
      plan: {
        operations: [resolving("o1", "a"), resolving("o2", 0, {}, "object"), rejecting("o3", "no", {}, "front")],
      },
    },
    "somebody waits, and is told": {
      met: (history) => waited(history, (outcome) => "value" in outcome),
      plan: { operations: [waiting("o1"), resolving("o2", { error: "no" }, { at: whenWaiting("o1") })] },
    },
    "somebody waits at the front, and is told of a rejection": {
      met: (history) => waited(history, (outcome) => "error" in outcome),
      plan: { operations: [waiting("o1", {}, "front"), rejecting("o2", "", { at: whenWaiting("o1") }, "front")] },
    },
    "several wait for one promise": {
      met: (history) =>
        some(history, (one, all) =>
          all.some(
            (other) =>
              one !== other &&
              one.verb === "await" &&
              other.verb === "await" &&
              one.promise === other.promise &&
              one.operation.idempotencyKey !== other.operation.idempotencyKey &&
              overlap(one, other) &&
              toldBy(one) !== undefined &&
              toldBy(other) !== undefined,
          ),
        ),
      plan: {
        operations: [
          waiting("o1"),
          waiting("o2", { idempotencyKey: "@k1" }, "front"),
          waiting("o3", { at: whenWaiting("o1") }),
          resolving("o4", [], { at: whenWaiting("o3") }, "front"),
        ],
      },
    },
    "somebody waits for a promise that is completed": {
      met: (history) =>
        some(history, (one, all) =>
          all.some(
            (other) =>
              one.verb === "await" && other.offer && toldBy(one) && toldBy(other) && other.completed! < one.invoke!,
          ),
        ),
      plan: {
        operations: [resolving("o1", "a"), waiting("o2", { client: "co1" }), waiting("o3", { client: "co1" }, "front")],
      },
    },
    "the value is null": {
      met: (history) =>
        some(history, (one) => one.verb === "peek" && isDeepStrictEqual(toldBy(one)?.outcome, { value: null })),
      plan: {
        operations: [
          peeking("o1", { client: "c1" }),
          resolving("o2", null, { client: "c1" }),
          peeking("o3", { client: "c1" }),
          peeking("o4", { client: "c1" }, "front"),
          waiting("o5", { client: "c1" }),
          resolving("o6", "a", { client: "c1" }, "front"),
        ],
      },
    },
    "values of every shape are told at the front": {
      met: (history) =>
        some(
          history,
          (one) =>
            one.via === "front" &&
            one.verb === "await" &&
            isDeepStrictEqual(toldBy(one)?.outcome, { value: VALUES.at(-2) }),
        ),
      plan: {
        operations: VALUES.flatMap((value, index) => [
          operation(`o${2 * index + 1}`, "resolve", ask("front", "resolve", `@p${index}`, value), {
            client: `c${index}`,
            idempotencyKey: `@k${index}`,
          }),
          operation(`o${2 * index + 2}`, "await", ask("front", "await", `@p${index}`), { client: `c${index}` }),
        ]),
      },
    },
    "a promise is disposed of while somebody waits, and completed again": {
      met: (history) =>
        some(history, (one, all) =>
          all.some(
            (later) =>
              isDisposed(one) &&
              later.offer &&
              toldBy(later) &&
              later.promise === one.promise &&
              one.completed! < later.invoke!,
          ),
        ),
      plan: {
        operations: [
          waiting("o1"),
          disposing("o2", { at: whenWaiting("o1") }),
          resolving("o3", "a", { client: "co1" }),
          peeking("o4", { client: "co1" }),
        ],
      },
    },
    "a completed promise is disposed of, and waited for": {
      met: (history) =>
        some(history, (one, all) =>
          all.some(
            (later) =>
              one.verb === "dispose" &&
              one.operation.kind === "dispose" &&
              later.verb === "await" &&
              one.completed! < later.invoke!,
          ),
        ),
      plan: {
        operations: [
          resolving("o1", "a", { client: "c1" }),
          disposing("o2", { client: "c1" }),
          peeking("o3", { client: "c1" }),
          waiting("o4", { client: "c1" }),
          resolving("o5", 0, { at: whenWaiting("o4") }),
        ],
      },
    },
    "nobody completes what is waited for": {
      met: (history) =>
        some(history, (one) => isDisposed(one)) && history.plan.operations.some(({ kind }) => kind === "closing"),
      plan: { operations: [waiting("o1"), waiting("o2", {}, "front")] },
    },
    "a waiter is cancelled": endedWaiter("cancel"),
    "a waiter is terminated": endedWaiter("terminate"),
    "a completion is repeated after a lost answer": {
      met: (history) =>
        some(history, (one, all) =>
          all.some(
            (other) =>
              one.offer &&
              other.offer &&
              one.operation.idempotencyKey !== undefined &&
              one.operation.idempotencyKey === other.operation.idempotencyKey &&
              one.completion?.type === "info" &&
              one.completed! < other.invoke!,
          ),
        ),
      plan: {
        operations: [
          resolving("o1", "a", { client: "c1", idempotencyKey: "@k1" }),
          resolving("o2", "a", { client: "c1", idempotencyKey: "@k1" }),
        ],
        faults: [fault("f1", "client-walks-away", atMessage(1, "before"))],
      },
    },
    "a completion is repeated after the promise was disposed of": {
      met: (history) =>
        some(history, (one, all) =>
          all.some(
            (other) =>
              one.offer &&
              other.offer &&
              one.operation.idempotencyKey !== undefined &&
              one.operation.idempotencyKey === other.operation.idempotencyKey &&
              all.some(
                ({ verb, promise, invoke, completed }) =>
                  verb === "dispose" &&
                  promise === one.promise &&
                  one.completed! < invoke! &&
                  completed! < other.invoke!,
              ),
          ),
        ),
      plan: {
        operations: [
          resolving("o1", "a", { client: "c1", idempotencyKey: "@k1" }, "front"),
          peeking("o2", { client: "c1" }),
          disposing("o3", { client: "c1" }),
          resolving("o4", "a", { client: "c1", idempotencyKey: "@k1" }, "front"),
          peeking("o5", { client: "c1" }),
          resolving("o6", 0, { client: "c1", idempotencyKey: "@k2" }, "front"),
          peeking("o7", { client: "c1" }),
        ],
      },
    },
    "the front's connection to its client breaks while it waits": {
      met: struck("client-retries"),
      plan: {
        operations: [
          waiting("o1", { idempotencyKey: "@k1" }, "front"),
          resolving("o2", "a", { at: whenWaiting("o1") }),
        ],
        faults: [fault("f1", "client-retries", atMessage(2, "after"))],
      },
    },
    "the endpoint is killed while somebody waits": {
      met: struck("kill-endpoint"),
      plan: {
        operations: [
          waiting("o1", { retries: 2 }),
          resolving("o2", "a", { at: whenWaiting("o1"), retries: 2, idempotencyKey: "@k1" }),
        ],
        faults: [fault("f1", "kill-endpoint", atMessage(1, "after", { operation: "o2", child: 1 }))],
      },
    },
    "a process is killed in which somebody has begun to wait, and another completes the promise": {
      met: (history) => struck("kill-endpoint")(history) && waited(history, () => true),
      plan: {
        operations: [
          waiting("o1"),
          // when all stands still
          peeking("o2", { client: "c2", at: completed("o1"), retries: 2 }),
          resolving("o3", "a", { client: "c2" }),
        ],
        faults: [fault("f1", "kill-endpoint", atMessage(1, "before", { operation: "o2" }))],
      },
    },
    "Restate is killed while somebody waits": {
      met: struck("kill-server"),
      plan: {
        operations: [
          waiting("o1", { idempotencyKey: "@k1" }, "front"),
          resolving("o2", "a", { at: whenWaiting("o1"), retries: 3, idempotencyKey: "@k2" }),
        ],
        faults: [fault("f1", "kill-server", atMessage(1, "before", { operation: "o2", child: 1 }))],
      },
    },
    "a completion is cut before it has told those who wait": {
      met: struck("cut-reset"),
      plan: {
        operations: [waiting("o1"), resolving("o2", "a", { at: whenWaiting("o1") }, "object")],
        faults: [fault("f1", "cut-reset", atMessage(3, "after", { operation: "o2" }))],
      },
    },
    "nonsense is refused": {
      met: (history) => performed(history).some((one) => one.operation.kind === "nonsense" && failedBy(one) === 400),
      plan: {
        operations: [
          ...NONSENSE.map(({ request }, index) => operation(`o${index + 1}`, "nonsense", request, { client: "c1" })),
          peeking("o90", { client: "c1" }),
        ],
      },
    },
  },
});

/** The promises that operations of a plan ask of, all or those of one kind. */
function promisesOf(plan: Plan, kind?: string): string[] {
  return [
    ...new Set(
      plan.operations.flatMap((one) => (kind === undefined || one.kind === kind ? (askedBy(one)?.promise ?? []) : [])),
    ),
  ];
}
