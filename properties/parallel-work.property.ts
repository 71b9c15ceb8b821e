import fc from "fast-check";
import { type Checker, invalid, noInventedEffect, sameAnswer } from "../harness/check/index.ts";
import {
  endedBy,
  type History,
  isCompletion,
  ledger,
  type Performed,
  performed,
  struck,
} from "../harness/history/index.ts";
import {
  atCall,
  atMessage,
  atOperation,
  ending,
  fault,
  type Json,
  momentName,
  type Operation,
  operation,
  type Request,
  storm,
} from "../harness/plan/index.ts";
import { property } from "../harness/session/index.ts";
import { IMPOSSIBLE_TASK } from "../harness/world/index.ts";

/**
 * What is asked of the worker. Each piece of work names the job that it is for ("sand/@j1"), so that the ledger tells on
 * whose behalf it was done; pieces of one job may be equal.
 */
const JOBS: Record<string, string[]> = {
  "@j1": ["sand", "paint", "sand"],
  "@j2": ["sand", "sand"],
  "@j3": ["saw", "sand", "paint", "varnish", "sand", "paint"],
  "@j4": [IMPOSSIBLE_TASK, "sand", "paint"],
  "@j5": ["saw", IMPOSSIBLE_TASK, "saw", IMPOSSIBLE_TASK],
  "@j6": ["paint"],
};
const piecesOf = (job: string, names: string[]): string[] => names.map((name) => `${name}/${job}`);
const run = (job: string, names: string[], separator = ","): Request => ({
  call: { service: "worker", handler: "run" },
  input: { description: piecesOf(job, names).join(separator) },
});
const runSubtask = (job: string, name: string): Request => ({
  call: { service: "worker", handler: "runSubtask" },
  input: `${name}/${job}`,
});

const names = fc.constantFrom(...Object.values(JOBS));
const work: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(...Object.keys(JOBS)).map((job) => ({ ...run(job, JOBS[job]!), idempotencyKey: job })),
  },
  // without a key, each request is a job of its own
  {
    weight: 1,
    arbitrary: fc
      .record({ number: fc.nat(), names, separator: fc.constantFrom(",", " , ") })
      .map((drawn) => run(`@n${drawn.number}`, drawn.names, drawn.separator)),
  },
);
const piece: fc.Arbitrary<Request> = fc
  .constantFrom(["@s1", "sand"], ["@s2", "paint"], ["@s3", IMPOSSIBLE_TASK])
  .map(([job, name]) => ({ ...runSubtask(job!, name!), idempotencyKey: job! }));
const slipWith = (input: Json): Request => ({ call: { service: "worker", handler: "run" }, input });
const slip: fc.Arbitrary<Request> = fc.constantFrom(
  ...["", " ", "sand/@x1,,paint/@x1", "sand/@x1,"].map((description) => slipWith({ description })),
  slipWith({}),
  { ...runSubtask("", ""), input: " " },
);

// --- what a history says

interface Done {
  piece: string;
  index: number;
}

/** All that was asked for one job, under one idempotency key or by one operation, and all that was done for it. */
interface Job {
  requests: Performed[];
  /** in their order */
  pieces: string[];
  /** a mistake of the client: none of it is to be done */
  malformed: boolean;
  done: Done[];
  cancelled: boolean;
  terminated: boolean;
}

const KINDS = ["run", "piece", "slip"];
const piecesAsked = ({ kind, input }: Operation): string[] => {
  if (kind === "slip") return [];
  if (kind === "piece") return [input as string];
  return (input as { description: string }).description.split(",").map((text) => text.trim());
};
const jobOf = (text: string): string => text.slice(text.indexOf("/") + 1);
const pieceDone = ({ data }: { data?: unknown }): string => (data as { task: string }).task;

function jobs(history: History): Job[] {
  const all = performed(history);
  const requests = all.filter(({ operation, invoke }) => KINDS.includes(operation.kind) && invoke !== undefined);
  const effects = ledger(history).flatMap(({ entry, index }) =>
    entry.type === "effect" ? [{ piece: pieceDone(entry), index }] : [],
  );
  const groups = Map.groupBy(requests, ({ operation }) =>
    operation.kind === "slip" ? operation.id : jobOf(piecesAsked(operation)[0]!),
  );
  const [cancelled, terminated] = [endedBy(history, "cancel"), endedBy(history, "terminate")];
  return [...groups].map(([id, own]) => {
    const isAmong = (ended: Set<string>) => own.some(({ operation }) => ended.has(operation.id));
    const malformed = own[0]!.operation.kind === "slip";
    return {
      requests: own,
      pieces: piecesAsked(own[0]!.operation),
      malformed,
      done: effects.filter(({ piece }) => jobOf(piece) === (malformed ? "@x1" : id)),
      cancelled: isAmong(cancelled),
      terminated: isAmong(terminated),
    };
  });
}

const isPossible = (text: string): boolean => !text.startsWith(IMPOSSIBLE_TASK);
const succeeded = ({ completion, outcome }: Performed): boolean =>
  completion?.type === "ok" || outcome?.status === "succeeded";
const placesOf = (requests: Performed[]): number[] =>
  requests.flatMap(({ invoke, completed }) => [invoke, completed].filter((index) => index !== undefined));

/** Makes a checker of a judgement on single jobs. */
const everyJob =
  (judge: (job: Job, history: History) => ReturnType<typeof invalid> | undefined): Checker =>
  (history) => {
    for (const job of jobs(history)) {
      const verdict = judge(job, history);
      if (verdict) return verdict;
    }
    return { verdict: "valid" };
  };

// --- what must hold

/** Equal subtasks have a result each. */
const resultsInInputOrder = everyJob(({ requests, pieces }) => {
  const expected = pieces.map((text) => `${text}: DONE`).join(",");
  for (const { operation, completion, completed, invoke, outcome } of requests) {
    const told = completion?.type === "ok" ? completion.value : expected;
    const ended = outcome?.status === "succeeded" ? outcome.value : expected;
    const wrong = [told, ended].find((value) => value !== expected);
    if (wrong !== undefined)
      return invalid(`${operation.id} was not told the results of its subtasks, in their order.`, [invoke, completed], {
        expected: JSON.stringify(expected),
        seen: JSON.stringify(wrong),
      });
  }
  return undefined;
});

/**
 * Never more often than the description names it. And not less often, when the work succeeded, or failed by itself: a
 * subtask that is refused keeps no other from being done.
 */
const eachSubtaskOnce = everyJob(({ requests, pieces, malformed, done, cancelled, terminated }) => {
  const failed = requests.some(({ outcome }) => outcome?.status === "failed");
  const isDue = requests.some(succeeded) || (failed && !malformed && !cancelled && !terminated);
  for (const text of new Set([...pieces, ...done.map(({ piece }) => piece)])) {
    const asked = malformed || !isPossible(text) ? 0 : pieces.filter((other) => other === text).length;
    const own = done.filter(({ piece }) => piece === text);
    if (own.length <= asked && (own.length === asked || !isDue)) continue;
    const times = (n: number) => (n === 1 ? "once" : `${n} times`);
    return invalid(
      `${text} was done ${times(own.length)}, and was to be done ${times(asked)}.`,
      [...own.map(({ index }) => index), ...placesOf(requests)],
      { expected: times(asked), seen: times(own.length) },
    );
  }
  return undefined;
});

/** A refusal says why: the input is wrong (400), a subtask cannot be done (422), or somebody ended it (409). */
const failsForAReason = everyJob(({ requests, pieces, malformed, cancelled, terminated }) => {
  const reasons = malformed
    ? [400]
    : [...(pieces.every(isPossible) ? [] : [422]), ...(cancelled || terminated ? [409] : [])];
  for (const { operation, outcome, invoke, completed } of requests) {
    if (outcome?.status !== "failed") continue;
    const field =
      operation.call && "service" in operation.call && operation.call.handler === "run" ? "description" : "subtask";
    const named = !malformed || outcome.message.includes(field);
    if (reasons.includes(outcome.code) && named) continue;
    return invalid(
      `${operation.id} failed with ${outcome.code} ${outcome.message}, for which there is no reason.`,
      [invoke, completed],
      { expected: reasons.length > 0 ? `success, or ${reasons.join(" or ")}` : "success", seen: String(outcome.code) },
    );
  }
  return undefined;
});

/**
 * When a run has ended, cancelled or not, so have its subtasks, and with them their calls: not even one that was under
 * way can land after that. Only a terminated one leaves without looking back.
 */
const nothingDoneAfterTheAnswer = everyJob(({ requests, done, terminated }) => {
  if (terminated) return undefined;
  for (const { operation, completion, completed } of requests) {
    const late = completion?.type === "info" ? undefined : done.find(({ index }) => index > completed!);
    if (late)
      return invalid(`${late.piece} was done after ${operation.id} had been answered.`, [completed, late.index], {
        expected: "what a run begins is over when it is answered",
      });
  }
  return undefined;
});

/** Calls of one run that stalled while nothing else disturbed it. */
interface Stall {
  job: Job;
  operation: string;
  /** how many calls of the run had come when the first of the stalled ones went on */
  come: number;
  stalled: number;
  /** something that the plan waits for has ended it: other subtasks may not have had their turn */
  cutShort: boolean;
}

function stallOf(history: History): Stall | undefined {
  const { plan, events, moments = [] } = history;
  const struck = new Set(
    events.flatMap((event) => (event.type === "fault" && event.phase === "struck" ? event.fault : [])),
  );
  const faults = plan.faults.filter(({ id }) => struck.has(id));
  const [operation, ...others] = new Set(faults.map(({ at }) => at.operation));
  const job = jobs(history).find(({ requests }) => requests.some((one) => one.operation.id === operation));
  if (operation === undefined || others.length > 0 || !job || job.cancelled || job.terminated) return undefined;
  if (faults.some(({ kind }) => kind !== "external-stalls")) return undefined;

  const goOn = new Set(faults.map(({ at }) => momentName({ ...at, when: "after" })));
  const end = moments.findIndex((moment) => goOn.has(momentName(moment)));
  const until = moments.slice(0, end === -1 ? undefined : end);
  const passed = until.map(momentName);
  return {
    job,
    operation,
    come: until.filter((one) => one.at === "effect" && one.operation === operation && one.when === "before").length,
    stalled: faults.length,
    cutShort: faults.some(({ at, heal }) => heal && passed.indexOf(momentName(heal)) > passed.indexOf(momentName(at))),
  };
}

/**
 * Subtasks are under way at the same time: those whose calls stall keep no other from the workshop. A stall that nothing
 * ends lasts until the run stands still, and by then all of them have been there. No clock is asked.
 */
const subtasksDoNotWait: Checker = (history) => {
  const stall = stallOf(history);
  if (!stall || stall.cutShort || stall.come >= stall.job.pieces.length) return { verdict: "valid" };
  const { operation, come, stalled, job } = stall;
  const among = stalled === 1 ? "the one that stalled" : `the ${stalled} that stalled`;
  return invalid(
    `Of the ${job.pieces.length} subtasks of ${operation}, ${come} came to the workshop, among them ${among}: the others waited for that.`,
    history.events.flatMap((event, index) => (event.type === "fault" || event.type === "effect" ? [index] : [])),
    { expected: `${job.pieces.length} calls, whatever becomes of one`, seen: `${come} calls` },
  );
};

// --- the storm

const job = (id: string, client: string, of: string, more: Partial<Operation> = {}): Operation =>
  operation(id, "run", run(of, JOBS[of]!), { client, idempotencyKey: of, ...more });
const anyJob = (is: (one: Job, history: History) => boolean) => (history: History) =>
  jobs(history).some((one) => is(one, history));
const someDone = ({ pieces, done }: Job): boolean => done.length > 0 && done.length < pieces.filter(isPossible).length;

/** Successful cancellations or terminations, each with the operation that it ends and that one's job. */
function endings(history: History, mode: "cancel" | "terminate"): (Performed & { of: Performed; job: Job })[] {
  const all = performed(history);
  return all.flatMap((one) => {
    if (one.operation.mode !== mode || one.completion?.type !== "ok") return [];
    const of = all.find(({ operation }) => operation.id === one.operation.of);
    const job = jobs(history).find(({ requests }) =>
      requests.some(({ operation }) => operation.id === of?.operation.id),
    );
    return of?.completed !== undefined && job ? [{ ...one, of, job }] : [];
  });
}

/** The attempts that began on behalf of an operation's subtasks, by their number among its children. */
const attemptsOfChildren = ({ events }: History, operation: string): number[] =>
  Object.values(
    Object.groupBy(
      events.filter(
        (event) =>
          event.type === "attempt" && event.operation === operation && event.phase === "started" && event.child,
      ),
      (event) => (event as { child: number }).child,
    ),
  ).map((attempts) => attempts!.length);

property("subtasks are done at once, each one once, and answered in their order", {
  pattern: "parallel-work",
  environment: { EXTERNAL_RETRY_INTERVAL: "5", EXTERNAL_RETRY_MAX_INTERVAL: "20" },
  plan: storm({
    operations: 6,
    kinds: {
      run: {
        weight: 6,
        request: work,
        messages: { toEndpoint: 6, toServer: 6 },
        children: 4,
        effects: 4,
        ends: ["cancel", "cancel", "cancel", "terminate"],
      },
      piece: {
        weight: 2,
        request: piece,
        messages: { toEndpoint: 5, toServer: 6 },
        effects: 1,
        ends: ["cancel", "cancel", "terminate"],
      },
      slip: { weight: 1, request: slip, messages: { toEndpoint: 2, toServer: 2 } },
    },
  }),
  invariants: {
    "results in input order": resultsInInputOrder,
    "each subtask once": eachSubtaskOnce,
    "subtasks do not wait for each other": subtasksDoNotWait,
    "nothing done after the answer": nothingDoneAfterTheAnswer,
    "fails for a reason": failsForAReason,
    "same answer": sameAnswer(),
    "no invented effect": noInventedEffect({
      happened: (event) => (event.type === "effect" ? jobOf(pieceDone(event)) : undefined),
      asked: ({ operation }) =>
        operation.kind === "run" || operation.kind === "piece" ? jobOf(piecesAsked(operation)[0]!) : undefined,
    }),
  },
  reaches: {
    "equal subtasks of one run are done": {
      met: anyJob(({ requests, pieces, done }) => {
        const equal = new Set(pieces).size < pieces.length;
        return equal && requests.some(succeeded) && done.length === pieces.length;
      }),
      plan: { operations: [job("o1", "c1", "@j1"), job("o2", "c2", "@j2"), job("o3", "c3", "@j6")] },
    },
    "a subtask comes to the workshop while another is there": {
      met: (history) => {
        const stall = stallOf(history);
        return stall?.cutShort === true && stall.come > stall.stalled;
      },
      plan: {
        operations: [job("o1", "c1", "@j2")],
        faults: [fault("f1", "external-stalls", atCall(1, "before"), atCall(2, "before"))],
      },
    },
    "some subtasks stall, and all others are done": {
      met: (history) => {
        const stall = stallOf(history);
        return stall?.cutShort === false && stall.come > stall.stalled;
      },
      plan: {
        operations: [job("o1", "c1", "@j3")],
        faults: [1, 3].map((call) => fault(`f${call}`, "external-stalls", atCall(call, "before"))),
      },
    },
    "a subtask is refused, and the others are done": {
      met: anyJob(
        ({ requests, done }) =>
          done.length > 1 && requests.some(({ outcome }) => outcome?.status === "failed" && outcome.code === 422),
      ),
      plan: { operations: [job("o1", "c1", "@j4"), job("o2", "c2", "@j5")] },
    },
    "only one subtask crashes": {
      met: (history) =>
        jobs(history).some(({ requests: [first], pieces }) => {
          const attempts = attemptsOfChildren(history, first!.operation.id);
          return pieces.length > 1 && attempts.includes(1) && attempts.some((count) => count > 1);
        }),
      plan: {
        operations: [job("o1", "c1", "@j1")],
        faults: [fault("f1", "cut-reset", atMessage(4, "before", { child: 2 }))],
      },
    },
    "the endpoint is killed when some subtasks are done and others are not": {
      met: (history) =>
        history.events.some(
          (event, index) =>
            event.type === "fault" &&
            event.kind === "kill-endpoint" &&
            event.phase === "struck" &&
            anyJob(someDone)({ ...history, events: history.events.slice(0, index) }),
        ),
      plan: {
        operations: [job("o1", "c1", "@j1")],
        faults: [fault("f1", "kill-endpoint", atCall(2, "before"))],
      },
    },
    "a run is cancelled before any of its subtasks began": {
      met: anyJob(({ cancelled, requests, done }) => {
        const ended = requests.some(({ outcome }) => outcome?.status === "failed" && outcome.code === 409);
        return cancelled && ended && done.length === 0;
      }),
      plan: {
        operations: [job("o1", "c1", "@j2"), ending("cancel", "o2", atMessage(1, "before"))],
        // what a subtask hears after its input is that it is cancelled, and only then anybody hears of it
        pins: [1, 2].map((child) => ({
          first: atMessage(3, "after", { child, direction: "to-endpoint" }),
          second: atMessage(1, "before", { child }),
        })),
      },
    },
    "a run is cancelled while a subtask is in the workshop": {
      met: (history) =>
        endings(history, "cancel").some(({ completed, of, job }) =>
          job.done.some(({ index }) => index > completed! && index < of.completed!),
        ),
      plan: {
        operations: [job("o1", "c1", "@j3"), ending("cancel", "o2", atCall(1, "before"))],
        faults: [fault("f1", "external-stalls", atCall(1, "before"))],
      },
    },
    "a run is cancelled again while it waits for its subtasks": {
      met: (history) => {
        const heard = endings(history, "cancel").filter(({ completed, of }) => completed! < of.completed!);
        return new Set(heard.map(({ of }) => of)).size < heard.length;
      },
      plan: {
        operations: [
          job("o1", "c1", "@j3"),
          ending("cancel", "o2", atCall(2, "before")),
          ending("cancel", "o3", atOperation("o2", "completion")),
        ],
        faults: [fault("f1", "external-stalls", atCall(2, "before"))],
      },
    },
    "a run is terminated": {
      met: (history) => endings(history, "terminate").some(({ of }) => of.completion?.type === "fail"),
      plan: {
        operations: [job("o1", "c1", "@j1"), ending("terminate", "o2", atCall(2, "before"))],
        faults: [fault("f1", "external-stalls", atCall(2, "before"))],
      },
    },
    "a run is joined by its duplicate": {
      met: ({ events, plan }) => {
        const keyed = plan.operations.filter(({ kind, idempotencyKey }) => kind === "run" && idempotencyKey);
        const answers = events.filter(
          (event) => isCompletion(event) && event.type === "ok" && keyed.some(({ id }) => id === event.operation),
        );
        return new Set(answers.map((event) => (event as { invocation?: string }).invocation)).size < answers.length;
      },
      plan: { operations: [job("o1", "c1", "@j1"), job("o2", "c2", "@j1", { at: atCall(1, "before") })] },
    },
    "a description is refused": {
      met: anyJob(
        ({ malformed, requests }) => malformed && requests.some(({ outcome }) => outcome?.status === "failed"),
      ),
      plan: {
        operations: [
          {
            id: "o1",
            client: "c1",
            kind: "slip",
            mode: "call",
            call: { service: "worker", handler: "run" },
            input: { description: "sand/@x1,,paint/@x1" },
          },
          {
            id: "o2",
            client: "c1",
            kind: "slip",
            mode: "call",
            call: { service: "worker", handler: "runSubtask" },
            input: " ",
          },
        ],
      },
    },
    "an answer of the workshop is lost": {
      met: struck("external-loses-answer"),
      plan: {
        operations: [job("o1", "c1", "@j1")],
        faults: [fault("f1", "external-loses-answer", atCall(2, "after"))],
      },
    },
    "the workshop fails before it has done anything": {
      met: struck("external-fails"),
      plan: { operations: [job("o1", "c1", "@j1")], faults: [fault("f1", "external-fails", atCall(2, "before"))] },
    },
    "a zombie comes to the workshop late": {
      met: struck("zombie"),
      plan: {
        operations: [job("o1", "c1", "@j1")],
        faults: [fault("f1", "zombie", atCall(2, "before"), atOperation("o1", "completion", "before"))],
      },
    },
    "the connection to the endpoint is lost": {
      met: struck("cut-session"),
      plan: {
        operations: [job("o1", "c1", "@j1")],
        faults: [fault("f1", "cut-session", atMessage(3, "after", { child: 1 }))],
      },
    },
    "Restate is killed while subtasks are under way": {
      met: struck("kill-server"),
      plan: { operations: [job("o1", "c1", "@j1")], faults: [fault("f1", "kill-server", atCall(2, "before"))] },
    },
  },
});
