import fc from "fast-check";
import {
  type Checker,
  effectivelyOnce,
  invalid,
  linearizable,
  type Model,
  mergingDuplicates,
  mutualExclusion,
  noInventedEffect,
} from "../harness/check/index.ts";
import {
  endedBy,
  type History,
  type HistoryEvent,
  type LedgerEvent,
  ledger,
  overlap,
  type Performed,
  performed,
  struck,
} from "../harness/history/index.ts";
import {
  atCall,
  atMessage,
  atOperation,
  ending,
  type Fault,
  fault,
  type Moment,
  momentName,
  type Operation,
  operation,
  type Plan,
  type Request,
  storm,
} from "../harness/plan/index.ts";
import { property } from "../harness/session/index.ts";

/** Milliseconds that a transition takes; not so many that a run seems to stand still meanwhile. */
const TRANSITION_TIME = 30;

type Status = "UP" | "DOWN";
const HANDLERS: Record<string, Status> = { setUp: "UP", tearDown: "DOWN" };

const bring = (machine: string, handler: string, key?: string): Request => ({
  call: { service: "machineOperator", handler, key: machine },
  ...(key !== undefined && { idempotencyKey: `${key}-${machine.slice(1)}-${handler}` }),
});
const asking = (handler: string): fc.Arbitrary<Request> =>
  fc
    .record({
      machine: fc.constantFrom("@m1", "@m1", "@m2", "@m3"),
      key: fc.option(fc.constantFrom("@k1", "@k2", "@k3"), { nil: undefined }),
    })
    .map(({ machine, key }) => bring(machine, handler, key));

// --- what a history says

const machineOf = ({ call }: Operation): string => (call as { key: string }).key;

/** A call of setUp or tearDown, with all that is asked under the same idempotency key: Restate makes one invocation of it. */
interface Asked extends Performed {
  machine: string;
  to: Status;
  /** ids of the operations with the same key, itself included */
  family: ReadonlySet<string>;
  cancelled: boolean;
  terminated: boolean;
}

function asked(history: History): Asked[] {
  const all = performed(history);
  const calls = all.filter(({ operation, invoke }) => operation.kind in HANDLERS && invoke !== undefined);
  const nameOf = ({ id, call, idempotencyKey }: Operation) =>
    idempotencyKey === undefined ? id : JSON.stringify([call, idempotencyKey]);
  const families = Map.groupBy(calls, ({ operation }) => nameOf(operation));
  const [cancelled, terminated] = [endedBy(history, "cancel"), endedBy(history, "terminate")];
  return calls.map((one) => {
    const family = new Set(families.get(nameOf(one.operation))!.map(({ operation }) => operation.id));
    const isAmong = (ended: Set<string>) => [...family].some((id) => ended.has(id));
    return {
      ...one,
      machine: machineOf(one.operation),
      to: HANDLERS[one.operation.kind]!,
      family,
      cancelled: isAmong(cancelled),
      terminated: isAmong(terminated),
    };
  });
}

/** What a machine was told, without repeats and refusals. */
interface Told {
  machine: string;
  phase: "begin" | "done";
  number: number;
  to: Status;
  operation: string | undefined;
  at: number;
  index: number;
}

function toldBy(entry: LedgerEvent, index: number): Told {
  const { transition, to } = entry.data as { transition: number; to: Status };
  const phase = entry.action as Told["phase"];
  return { machine: entry.key, phase, number: transition, to, operation: entry.operation, at: entry.at, index };
}

const told = (history: History): Told[] =>
  ledger(history).flatMap(({ entry, index }) => (entry.type === "effect" ? [toldBy(entry, index)] : []));

const nameOf = ({ machine, number, to }: Told): string => `transition ${number} of ${machine}, to ${to},`;
const isDoneOf = (begun: Told, other: Told): boolean =>
  other.phase === "done" && other.machine === begun.machine && other.number === begun.number;

const answerOf = ({ completion }: Performed): { status: Status; changed: boolean } | undefined =>
  completion?.type === "ok" ? (completion.value as { status: Status; changed: boolean }) : undefined;

// --- what must hold of what the machines are told

const oneAtATime = mutualExclusion({
  use(event, index) {
    if (event.type !== "effect") return undefined;
    const { machine, phase, number } = toldBy(event, index);
    return { resource: machine, user: `transition ${number}`, phase: phase === "begin" ? "begin" : "end" };
  },
});

/** Begin, done, begin, done; up, down, up, down; each with a larger number. */
const alternates: Checker = (history) => {
  for (const [machine, all] of Map.groupBy(told(history), (one) => one.machine))
    for (const [place, one] of all.entries()) {
      const previous = all[place - 1];
      const legal =
        one.phase === "done"
          ? previous?.phase === "begin" && previous.number === one.number && previous.to === one.to
          : previous === undefined
            ? one.to === "UP"
            : previous.phase === "done" && previous.number < one.number && previous.to !== one.to;
      if (legal) continue;
      const words = ({ phase, number, to }: Told) => `${phase} ${number} (${to})`;
      return invalid(
        `${machine} was told ${words(one)} ${previous ? `after ${words(previous)}` : "first of all"}.`,
        [previous?.index, one.index],
        { expected: "begin and done in turn, up and down in turn, with growing numbers; DOWN at first" },
      );
    }
  return { verdict: "valid" };
};

const effects = effectivelyOnce({
  effect: ({ key, action, data }) =>
    `"${action}" of transition ${(data as { transition: number }).transition} of ${key}`,
  asked: () => undefined,
});

const takesItsTime: Checker = (history) => {
  const all = told(history);
  for (const begun of all.filter(({ phase }) => phase === "begin")) {
    const done = all.find((other) => isDoneOf(begun, other));
    // clocks tick
    if (!done || done.at - begun.at >= TRANSITION_TIME - 5) continue;
    return invalid(`${nameOf(begun)} was over too early.`, [begun.index, done.index], {
      expected: `at least ${TRANSITION_TIME} ms`,
      seen: `${Math.round(done.at - begun.at)} ms`,
    });
  }
  return { verdict: "valid" };
};

/** Nobody but a terminated invocation leaves a machine half way, and even then the next one carries it through. */
const begunIsCompleted: Checker = (history) => {
  const all = told(history);
  const terminated = new Set(asked(history).flatMap((one) => (one.terminated ? [one.machine] : [])));
  const open = all.find(
    (one) => one.phase === "begin" && !terminated.has(one.machine) && !all.some((other) => isDoneOf(one, other)),
  );
  if (!open) return { verdict: "valid" };
  return invalid(`${nameOf(open)} was begun, and never done.`, [open.index]);
};

// --- what must hold of the answers

/** Whoever is answered, whatever the answer: nothing of what was begun for him is still under way. */
const finishedBeforeTheAnswer: Checker = (history) => {
  const all = told(history);
  for (const one of asked(history)) {
    if (one.terminated || one.completion === undefined || one.completion.type === "info") continue;
    // a failure is its own: what was cancelled while it waited runs again for another who asks with the key
    const owners = one.completion.type === "ok" ? one.family : new Set([one.operation.id]);
    const open = all.find(
      (begun) =>
        begun.phase === "begin" &&
        owners.has(begun.operation!) &&
        begun.index < one.completed! &&
        !all.some((other) => isDoneOf(begun, other) && other.index < one.completed!),
    );
    if (!open) continue;
    return invalid(`${one.operation.id} was answered while ${nameOf(open)} was under way.`, [
      open.index,
      one.completed,
      all.find((other) => isDoneOf(open, other))?.index,
    ]);
  }
  return { verdict: "valid" };
};

/**
 * "changed" stands for a transition that was done meanwhile. Otherwise nothing was told to the machine; or, for one that
 * was cancelled, it was brought back to where it had been.
 */
const answersAreTruthful: Checker = (history) => {
  const all = told(history);
  const calls = asked(history);
  // what a terminated invocation left undone is done by the next one, whatever that asks for
  const continued = new Set(calls.flatMap(({ machine, terminated }) => (terminated ? [machine] : [])));
  for (const one of calls) {
    const { operation, machine, to, family, completed, completion } = one;
    if (completion === undefined || completion.type === "info") continue;
    const answer = answerOf(one);
    if (answer?.changed) {
      const first = Math.min(...calls.flatMap((other) => (family.has(other.operation.id) ? other.invoke! : [])));
      const isItsDone = (other: Told) =>
        other.phase === "done" &&
        other.machine === machine &&
        other.to === to &&
        other.index > first &&
        other.index < completed!;
      if (all.some(isItsDone)) continue;
      return invalid(`${operation.id} was told that it had brought ${machine} ${to}, and it had not.`, [completed]);
    }
    if (continued.has(machine)) continue;
    const owners = answer ? family : new Set([operation.id]);
    const begun = all.filter((other) => other.phase === "begin" && owners.has(other.operation!));
    if (begun.length === 0 || (one.cancelled && begun.length % 2 === 0)) continue;
    return invalid(
      `${operation.id} was answered that ${answer ? "nothing had changed" : "it had failed"}, and ${nameOf(begun[0]!)} was begun for it.`,
      [begun[0]!.index, completed],
    );
  }
  return { verdict: "valid" };
};

/** What was begun for a request that was cancelled may be taken back. */
const noInvented: Checker = (history) => {
  const cancelled = new Map(
    asked(history).flatMap(({ operation, cancelled, to }) => (cancelled ? [[operation.id, to]] : [])),
  );
  return noInventedEffect({
    happened(event, index) {
      if (event.type !== "effect") return undefined;
      const { machine, to, operation } = toldBy(event, index);
      return `${machine} ${cancelled.get(operation ?? "") ?? to}`;
    },
    asked: ({ operation }) =>
      operation.kind in HANDLERS ? `${machineOf(operation)} ${HANDLERS[operation.kind]}` : undefined,
  })(history);
};

type MachineInput = { machine: string; to: Status };

const machineModel: Model<Status, MachineInput, { status: Status; changed: boolean }> = {
  name: "machine",
  init: () => "DOWN",
  partition: ({ machine }) => machine,
  step: (state, { to }, output) =>
    output === undefined || (output.status === to && output.changed === (state !== to)) ? [to] : [],
  describe: ({ machine, to }, output) =>
    `${machine} ${to} -> ${output === undefined ? "?" : output.changed ? "changed" : "it is"}`,
  describeState: (state) => `the machine is ${state}`,
};

/**
 * Who was terminated may have begun a transition or not. So may who was cancelled and shares a key with others: while it
 * still waits, a cancellation erases it, and the next with its key runs in its place.
 */
const withoutEndedAnswers = (history: History): History => {
  const open = new Set(
    asked(history).flatMap(({ operation, terminated, cancelled, family }) =>
      terminated || (cancelled && family.size > 1) ? [operation.id] : [],
    ),
  );
  const events = history.events.map((event) =>
    event.type === "fail" && open.has(event.operation)
      ? { type: "info" as const, at: event.at, operation: event.operation, reason: event.message }
      : event,
  );
  return { ...history, events };
};

const linearizableMachine = mergingDuplicates(
  linearizable(machineModel, {
    select(operation, outcome, later) {
      if (!(operation.kind in HANDLERS) || outcome?.type === "fail") return undefined;
      const input = { machine: machineOf(operation), to: HANDLERS[operation.kind]! };
      const value = outcome?.type === "ok" ? outcome.value : later?.status === "succeeded" ? later.value : undefined;
      return { input, output: value as { status: Status; changed: boolean } | undefined };
    },
  }),
);

// --- what must hold between machines

const done = (operation: string): Moment => atOperation(operation, "completion");
const isSame = (a: Moment, b: Moment): boolean => momentName(a) === momentName(b);

/** What holds a call to an external system until it is healed. */
const HOLDS = ["external-stalls", "external-answers-late"];
/** After these everything may stand still for a moment, and the closing phase may come while there is more to do. */
const DISTURBING = ["kill-endpoint", "kill-server", "zombie", "cut-session"];

/** A call about one machine that was held up until another machine was done, or until nothing moved any more. */
interface Hold {
  machine: string;
  struck: number;
  healed: number;
}

/** The machine that a fault holds up, if it is of that kind. */
function heldUp({ kind, at }: Fault, { operations }: Plan): string | undefined {
  const operation = operations.find(({ id }) => id === at.operation);
  return operation && operation.kind in HANDLERS && HOLDS.includes(kind) ? machineOf(operation) : undefined;
}

function holds({ plan, events }: History): Hold[] {
  const { operations, faults } = plan;
  return faults.flatMap((fault): Hold[] => {
    const machine = heldUp(fault, plan);
    const place = (phase: string) =>
      events.findIndex((event) => event.type === "fault" && event.fault === fault.id && event.phase === phase);
    const [struck, healed] = [place("struck"), place("healed")];
    const healer = operations.find(({ id }) => id === fault.heal?.operation);
    // other moments of healing may come while the others are on their way
    const isLong = !fault.heal || (isSame(fault.heal, done(fault.heal.operation)) && machineOf(healer!) !== machine);
    return machine !== undefined && struck >= 0 && healed >= 0 && isLong ? [{ machine, struck, healed }] : [];
  });
}

/** No two events are so many milliseconds apart in a run that has not stood still. */
const STANDSTILL = 100;
const stoodStill = (events: HistoryEvent[]): boolean =>
  events.some(({ at }, place) => place > 0 && at - events[place - 1]!.at >= STANDSTILL);
const isHealing = (event: HistoryEvent): boolean => event.type === "fault" && event.phase === "healed";

/**
 * While a call about one machine is held up, the others go on: by the time that it is released, because nothing moves
 * any more, whoever asked for another machine has its answer. That nothing moves is a matter of time, and only the first
 * standstill of a run is longer than anything may take: where it was not the first, nothing is said.
 */
const machinesDoNotWait: Checker = (history) => {
  const { plan, events } = history;
  if (plan.faults.some(({ kind }) => DISTURBING.includes(kind))) return { verdict: "valid" };
  const held = new Set(plan.faults.map((fault) => heldUp(fault, plan)));
  for (const { machine, struck, healed } of holds(history)) {
    if (stoodStill(events.slice(0, healed).filter((event) => !isHealing(event)))) continue;
    const waiting = asked(history).find(
      (one) => !held.has(one.machine) && one.invoke! < healed && (one.completed ?? Number.POSITIVE_INFINITY) > healed,
    );
    if (!waiting) continue;
    return invalid(
      `${waiting.operation.id} got nowhere with ${waiting.machine} while a call about ${machine} was held up.`,
      [waiting.invoke, struck, healed, waiting.completed],
      { expected: "a machine does not wait for another", seen: "it went on only when the other did" },
    );
  }
  return { verdict: "valid" };
};

// --- the storm

const ask = (id: string, handler: string, more: Partial<Operation> & { machine?: string } = {}): Operation => {
  const { machine = "@m1", ...rest } = more;
  return operation(id, handler, bring(machine, handler), rest);
};
/** The transition has begun and takes its time. */
const asleep = atMessage(5, "after");

/** Some fault of the kind struck while a transition was under way. */
const struckInTransition = (kind: string) => (history: History) => {
  const all = told(history);
  return history.events.some(
    (event, index) =>
      event.type === "fault" && event.kind === kind && event.phase === "struck" && underWay(all, index).length > 0,
  );
};
/** The transitions that were begun, and not done, at a place in the history. */
const underWay = (all: Told[], index: number): Told[] =>
  all.filter(
    (one) =>
      one.phase === "begin" && one.index < index && !all.some((other) => isDoneOf(one, other) && other.index < index),
  );
const someAsked = (is: (one: Asked, others: Asked[], history: History) => boolean) => (history: History) => {
  const all = asked(history);
  return all.some((one) => is(one, all, history));
};
/** It was ended in this way while its transition was under way. */
const endedInTransition = (mode: "cancel" | "terminate") => (history: History) => {
  const all = told(history);
  return performed(history).some(
    ({ operation, invoke }) =>
      operation.mode === mode &&
      invoke !== undefined &&
      underWay(all, invoke).some((one) => one.operation === operation.of),
  );
};

property("a machine goes up and down in whole transitions, one at a time", {
  pattern: "state-machines",
  environment: {
    TRANSITION_TIME: String(TRANSITION_TIME),
    EXTERNAL_RETRY_INTERVAL: "5",
    EXTERNAL_RETRY_MAX_INTERVAL: "20",
  },
  plan: storm({
    operations: 8,
    kinds: {
      setUp: {
        request: asking("setUp"),
        messages: { toEndpoint: 5, toServer: 10 },
        effects: 2,
        ends: ["cancel", "cancel", "terminate"],
      },
      tearDown: {
        request: asking("tearDown"),
        messages: { toEndpoint: 5, toServer: 10 },
        effects: 2,
        ends: ["cancel", "cancel", "terminate"],
      },
    },
  }),
  invariants: {
    "one transition at a time": oneAtATime,
    "alternates legally": alternates,
    "effectively once": effects,
    "takes its time": takesItsTime,
    "begun is completed": begunIsCompleted,
    "finished before the answer": finishedBeforeTheAnswer,
    "answers are truthful": answersAreTruthful,
    linearizable: (history, budget) => linearizableMachine(withoutEndedAnswers(history), budget),
    "machines do not wait for each other": machinesDoNotWait,
    "no invented effect": noInvented,
  },
  reaches: {
    "a machine goes up and down again": {
      met: (history) => told(history).some(({ number, phase }) => number === 3 && phase === "done"),
      plan: {
        operations: [
          ask("o1", "setUp", { client: "c1" }),
          ask("o2", "tearDown", { client: "c1" }),
          ask("o3", "setUp", { client: "c1" }),
        ],
      },
    },
    "a machine is asked to be as it is": {
      met: someAsked((one) => answerOf(one)?.changed === false),
      plan: {
        operations: [
          ask("o1", "tearDown"),
          ask("o2", "setUp", { after: ["o1"] }),
          ask("o3", "setUp", { after: ["o2"] }),
        ],
      },
    },
    "up and down are asked of one machine at the same time": {
      met: someAsked((one, all) =>
        all.some((other) => other.machine === one.machine && other.to !== one.to && overlap(one, other)),
      ),
      plan: {
        operations: [
          ask("o1", "setUp"),
          ask("o2", "tearDown", { at: atCall(1, "after") }),
          ask("o3", "setUp", { at: atCall(2, "before") }),
        ],
      },
    },
    "two machines are in transition at the same time": {
      met: (history) => {
        const all = told(history);
        return all.some(({ index }) => new Set(underWay(all, index + 1).map(({ machine }) => machine)).size > 1);
      },
      plan: {
        operations: [ask("o1", "setUp"), ask("o2", "setUp", { machine: "@m2", at: atCall(1, "after") })],
        faults: [fault("f1", "external-stalls", atCall(2, "before"), done("o2"))],
      },
    },
    "a machine ends its transition while another is held up": {
      met: (history) =>
        holds(history).some(({ machine, struck, healed }) =>
          told(history).some(
            (one) => one.machine !== machine && one.phase === "done" && one.index > struck && one.index < healed,
          ),
        ),
      plan: {
        operations: [ask("o1", "setUp"), ask("o2", "setUp", { machine: "@m2", at: atCall(1, "before") })],
        faults: [fault("f1", "external-answers-late", atCall(1, "after"), done("o2"))],
      },
    },
    "one machine goes up while another goes down": {
      met: (history) => {
        const all = told(history);
        return all.some(({ index }) => new Set(underWay(all, index + 1).map(({ to }) => to)).size > 1);
      },
      plan: {
        operations: [
          ask("o1", "setUp", { machine: "@m2" }),
          ask("o2", "setUp", { after: ["o1"] }),
          ask("o3", "tearDown", { machine: "@m2", at: { ...asleep, operation: "o2" } }),
        ],
      },
    },
    "a request is made again after a lost answer": {
      met: someAsked((one, all) =>
        all.some(
          (other) =>
            other !== one &&
            one.family.has(other.operation.id) &&
            one.completion?.type === "info" &&
            one.completed! < other.invoke!,
        ),
      ),
      plan: {
        operations: [
          ask("o1", "setUp", { client: "c1", ...bring("@m1", "setUp", "@k1") }),
          ask("o2", "setUp", { client: "c1", ...bring("@m1", "setUp", "@k1") }),
        ],
        faults: [fault("f1", "client-walks-away", atMessage(3, "after"))],
      },
    },
    "a transition is cancelled": {
      met: endedInTransition("cancel"),
      plan: {
        operations: [ask("o1", "setUp"), ending("cancel", "o2", asleep), ask("o3", "tearDown", { after: ["o1"] })],
      },
    },
    "a transition is cancelled again before it ends": {
      met: (history) =>
        someAsked(
          (one, _, { plan }) =>
            plan.operations.filter(({ mode, of }) => mode === "cancel" && of === one.operation.id).length > 1,
        )(history),
      plan: {
        operations: [
          ask("o1", "setUp"),
          ending("cancel", "o2", asleep),
          { ...ending("cancel", "o3", done("o2")), after: ["o2"] },
        ],
      },
    },
    "a transition is terminated, and the machine is used again": {
      met: (history) =>
        endedInTransition("terminate")(history) &&
        someAsked((one, all) =>
          all.some((other) => one.terminated && other.machine === one.machine && !other.terminated),
        )(history),
      plan: {
        operations: [
          ask("o1", "setUp"),
          ending("terminate", "o2", asleep),
          ask("o3", "setUp", { after: ["o2"] }),
          ask("o4", "tearDown", { after: ["o3"] }),
        ],
      },
    },
    "the endpoint is killed in mid-transition": {
      met: struckInTransition("kill-endpoint"),
      plan: { operations: [ask("o1", "setUp")], faults: [fault("f1", "kill-endpoint", atCall(1, "after"))] },
    },
    "the connection to the endpoint is lost in mid-transition": {
      met: struckInTransition("cut-session"),
      plan: { operations: [ask("o1", "setUp")], faults: [fault("f1", "cut-session", asleep)] },
    },
    "Restate is killed in mid-transition": {
      met: struckInTransition("kill-server"),
      plan: {
        operations: [ask("o1", "setUp", { retries: 0 })],
        faults: [fault("f1", "kill-server", atCall(2, "before"))],
      },
    },
    "a zombie tells a machine late": {
      met: struckInTransition("zombie"),
      plan: {
        operations: [ask("o1", "setUp"), ask("o2", "tearDown", { after: ["o1"] })],
        faults: [fault("f1", "zombie", atCall(2, "before"), done("o2"))],
      },
    },
    "a machine does not answer its begin": {
      met: struck("external-loses-answer"),
      plan: { operations: [ask("o1", "setUp")], faults: [fault("f1", "external-loses-answer", atCall(1, "after"))] },
    },
    "a machine fails before it hears": {
      met: struck("external-fails"),
      plan: { operations: [ask("o1", "setUp")], faults: [fault("f1", "external-fails", atCall(2, "before"))] },
    },
  },
});
