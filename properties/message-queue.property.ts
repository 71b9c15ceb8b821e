import fc from "fast-check";
import {
  type Checker,
  effectivelyOnce,
  invalid,
  noInventedEffect,
  notBefore,
  singleValue,
} from "../harness/check/index.ts";
import {
  endedBy,
  type History,
  type HistoryEvent,
  overlap,
  type Performed,
  performed,
  struck,
} from "../harness/history/index.ts";
import {
  atCall,
  atMessage,
  atOperation,
  fault,
  type Json,
  type Operation,
  operation,
  type Request,
  storm,
} from "../harness/plan/index.ts";
import { property } from "../harness/session/index.ts";
import { IMPOSSIBLE_TASK } from "../harness/world/index.ts";

const WORKER = { service: "asyncTaskWorker", handler: "runTask" };
/** the status with which an impossible task ends */
const REFUSED = 422;
const FRONT = { app: "message-queue" };

interface Task {
  id: string;
  task: string;
  /** milliseconds */
  delay?: number;
}

// The front app needs no idempotency key from its clients: there it only says that the request may be made again.
const submitting = ({ id, task, delay }: Task): Request => ({
  call: { ...FRONT, handler: "POST /tasks" },
  input: { id, task, ...(delay !== undefined && { delayMs: delay }) },
  idempotencyKey: id,
});
const sending = ({ id, task, delay }: Task): Request => ({
  mode: "send",
  call: WORKER,
  input: { id, task },
  idempotencyKey: id,
  ...(delay !== undefined && { delay }),
});
const running = ({ id, task }: Task): Request => ({ call: WORKER, input: { id, task }, idempotencyKey: id });
const awaiting = (id: string): Request => ({ call: { ...FRONT, handler: `GET /tasks/${id}` } });

const IDS = ["@t1", "@t1", "@t2", "@t3", "@t4"];
const aTask: fc.Arbitrary<Task> = fc.record(
  {
    id: fc.constantFrom(...IDS),
    // another task under the same id is a client's mistake, and the first one stands
    task: fc.constantFrom("paint", "paint", "paint", "sing", IMPOSSIBLE_TASK),
    // far above what a real server may take to begin, so that a delay that is dropped shows there as well
    delay: fc.constantFrom(0, 60, 100),
  },
  { requiredKeys: ["id", "task"] },
);

/** At the front door bad input meets the ids of real tasks; what is sent to the worker itself would use up its key. */
const malformed: fc.Arbitrary<Request> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...IDS),
      fc.constantFrom<Record<string, Json>>(
        { task: "" },
        { task: 7 },
        { task: null },
        { delayMs: -1 },
        { delayMs: 0.5 },
        { delayMs: "soon" },
        { id: "" },
        { id: 1 },
      ),
    )
    .map(([id, flaw]) => ({ call: { ...FRONT, handler: "POST /tasks" }, input: { id, task: "paint", ...flaw } })),
  fc
    .constantFrom<Record<string, Json>>({ id: "@b1" }, { id: "@b1", task: "" })
    .map((input) => ({ call: WORKER, input })),
);

// --- what a history says

/** The task that an operation asks for, if it asks for one that makes sense. */
function submitted({ kind, input, delay }: Operation): Required<Task> | undefined {
  if (kind !== "submit" && kind !== "send" && kind !== "run") return undefined;
  const { id, task, delayMs = 0 } = input as { id: string; task: string; delayMs?: number };
  return { id, task, delay: kind === "submit" ? delayMs : (delay ?? 0) };
}

/** The id of the task whose result an operation waits for. */
function awaited({ kind, call, of, ...operation }: Operation, { plan }: History): string | undefined {
  if (kind === "await") return (call as { handler: string }).handler.slice("GET /tasks/".length);
  if (kind === "attach") return submitted(plan.operations.find(({ id }) => id === of)!)?.id;
  return kind === "run" ? (operation.input as { id: string }).id : undefined;
}

const idOf = (operation: Operation, history: History): string | undefined =>
  submitted(operation)?.id ?? awaited(operation, history);
const resultOf = ({ id, task }: Task): Json => ({ id, result: `${task}: DONE` });
/** The ids of tasks that came to their end: performed, or refused once and for all. */
const settled = (history: History, type: "effect" | "refusal"): Set<string> =>
  new Set(
    history.events.flatMap((event) =>
      event.type === type && event.system === "workshop" ? (event.reference ?? event.key) : [],
    ),
  );
const effectOf = (event: HistoryEvent): { id: string; task: string } | undefined =>
  event.type === "effect" && event.system === "workshop"
    ? { id: event.reference ?? event.key, task: (event.data as { task: string }).task }
    : undefined;

/** Tasks that somebody tried to cancel or to terminate: whether they run, and how they end, is open. */
function ended(history: History): Set<string> {
  const targets = endedBy(history, "cancel", "terminate");
  return new Set(history.plan.operations.flatMap((one) => (targets.has(one.id) ? (idOf(one, history) ?? []) : [])));
}

const isAcked = ({ operation, completion }: Performed): boolean =>
  submitted(operation) !== undefined && completion?.type === "ok";

/** What an operation was told, or would have been, had its client stayed. */
function told({ operation, completion, outcome }: Performed): Json | undefined {
  if (completion?.type === "ok") return completion.value;
  return operation.kind === "run" && outcome?.status === "succeeded" ? outcome.value : undefined;
}

// --- what must hold

const everyTaskOnce = effectivelyOnce({
  effect: (entry) => effectOf(entry)?.id,
  asked: ({ operation }) => submitted(operation)?.id,
  // that it happens at all is for others to say
  due: () => false,
});

const ackedIsNeverLost: Checker = (history) => {
  const done = new Set([...settled(history, "effect"), ...settled(history, "refusal")]);
  const open = ended(history);
  const lost = performed(history).find((one) => {
    const id = submitted(one.operation)?.id;
    return id !== undefined && isAcked(one) && !open.has(id) && !done.has(id);
  });
  if (!lost) return { verdict: "valid" };
  return invalid(`${submitted(lost.operation)!.id} was accepted, and never performed.`, [lost.invoke, lost.completed], {
    expected: "every accepted task is performed",
    seen: "nothing",
  });
};

/**
 * Everyone is told the result, or everyone that the task was refused. Who runs a task waits for it as well; others can be
 * told that there is none only as long as nobody was told that there is.
 */
const whoeverWaitsIsTold: Checker = (history) => {
  const all = performed(history);
  const open = ended(history);
  const done = settled(history, "effect");
  const refused = new Set([...settled(history, "refusal")].filter((id) => !done.has(id)));
  for (const one of all) {
    const { operation, outcome, invoke, completed } = one;
    const id = awaited(operation, history);
    if (id === undefined || open.has(id) || outcome?.status !== "failed") continue;
    if (outcome.code === REFUSED && refused.has(id)) continue;
    const acked = all.find(
      (other) =>
        isAcked(other) &&
        other.completed! < invoke! &&
        (operation.mode === "attach" ? other.operation.id === operation.of : submitted(other.operation)!.id === id),
    );
    if (!acked && operation.kind !== "run") continue;
    return invalid(
      `${operation.id} (${operation.kind}) waited for ${id}, which had been accepted, and was refused: ${outcome.code} ${outcome.message}`,
      [acked?.invoke, acked?.completed, invoke, completed],
      { expected: refused.has(id) ? `${REFUSED}` : "the result", seen: `${outcome.code}` },
    );
  }
  return { verdict: "valid" };
};

const goodIsAccepted: Checker = (history) => {
  for (const { operation, completion, invoke, completed } of performed(history)) {
    if (operation.kind === "run" || !submitted(operation) || completion?.type !== "fail") continue;
    return invalid(
      `${operation.id} (${operation.kind}) submitted ${submitted(operation)!.id} and was refused: ${completion.status} ${completion.message}`,
      [invoke, completed],
      { expected: "it is accepted, however often it was submitted before", seen: `${completion.status}` },
    );
  }
  return { verdict: "valid" };
};

const notBeforeItsTime: Checker = (history) => {
  const operations = new Map(history.plan.operations.map((operation) => [operation.id, operation]));
  return notBefore({
    scheduled: ({ operation }) => submitted(operation),
    begins(event) {
      if (event.type !== "attempt") return effectOf(event)?.id;
      return event.phase === "started" ? submitted(operations.get(event.operation)!)?.id : undefined;
    },
  })(history);
};

const oneResult: Checker = (history) =>
  singleValue({
    told(one) {
      const object = awaited(one.operation, history);
      const value = told(one);
      return object === undefined || value === undefined ? undefined : { object, value };
    },
    offered({ operation }) {
      const task = submitted(operation);
      return task && { object: task.id, value: resultOf(task) };
    },
  })(history);

const oneInvocation: Checker = (history) =>
  singleValue({
    told({ operation, completion }) {
      const id = idOf(operation, history);
      const value = completion?.type === "ok" ? completion.invocation : undefined;
      return id === undefined || value === undefined ? undefined : { object: `the invocation of ${id}`, value };
    },
  })(history);

const resultIsWhatWasDone: Checker = (history) => {
  const effects = history.events.flatMap((event, index) => {
    const effect = effectOf(event);
    return effect ? [{ ...effect, index }] : [];
  });
  for (const one of performed(history)) {
    const id = awaited(one.operation, history);
    const { completion, completed, invoke } = one;
    if (id === undefined || completion?.type !== "ok") continue;
    const { result } = completion.value as { result?: Json };
    const effect = effects.find((other) => other.id === id && other.index < completed!);
    if (effect && result === `${effect.task}: DONE`) continue;
    return invalid(
      `${one.operation.id} (${one.operation.kind}) was told that ${id} ended with ${JSON.stringify(result)}, ${effect ? `and what was performed is "${effect.task}"` : "and by then nothing was performed"}.`,
      [effect?.index, invoke, completed],
    );
  }
  return { verdict: "valid" };
};

const nothingInvented = noInventedEffect({
  happened(event) {
    const effect = effectOf(event);
    return effect && `"${effect.task}" for ${effect.id}`;
  },
  asked({ operation }) {
    const task = submitted(operation);
    return task && `"${task.task}" for ${task.id}`;
  },
});

/** The field that is wrong with the input of a malformed request. */
function flawOf(input: { id?: Json; task?: Json; delayMs?: Json }): "id" | "task" | "delayMs" {
  if (typeof input.id !== "string" || !/^\S+$/.test(input.id)) return "id";
  return typeof input.task !== "string" || input.task === "" ? "task" : "delayMs";
}

const badInputIsRefused: Checker = (history) => {
  for (const { operation, completion, invoke, completed } of performed(history)) {
    if (operation.kind !== "malformed" || completion === undefined || completion.type === "info") continue;
    const field = flawOf(operation.input as Record<string, Json>);
    if (completion.type === "fail" && completion.status === 400 && completion.message.includes(field)) continue;
    return invalid(
      `${operation.id} (${operation.kind}) asked with a bad ${field} and was answered: ${JSON.stringify(completion.type === "ok" ? completion.value : `${completion.status} ${completion.message}`)}`,
      [invoke, completed],
      { expected: `status 400, with the name of the field "${field}"` },
    );
  }
  return { verdict: "valid" };
};

// --- the storm

const T1: Task = { id: "@t1", task: "paint" };
const LATER: Task = { ...T1, delay: 80 };
const submit = (id: string, task = T1, more?: Partial<Operation>) => operation(id, "submit", submitting(task), more);
const send = (id: string, task = T1, more?: Partial<Operation>) => operation(id, "send", sending(task), more);
const run = (id: string, task = T1, more?: Partial<Operation>) => operation(id, "run", running(task), more);
const ask = (id: string, more?: Partial<Operation>) => operation(id, "await", awaiting("@t1"), more);
const about = (id: string, mode: "attach" | "cancel" | "terminate", more?: Partial<Operation>) =>
  operation(id, mode, {}, { mode, of: "o1", ...more });

/** Two submissions of one task, the first before the second. */
const again = (is: (first: Performed, second: Performed) => boolean) => (history: History) => {
  const all = performed(history).filter(({ operation }) => submitted(operation) !== undefined);
  return all.some((second, index) =>
    all
      .slice(0, index)
      .some((first) => submitted(first.operation)!.id === submitted(second.operation)!.id && is(first, second)),
  );
};
const isOver = ({ completed }: Performed, { invoke }: Performed): boolean =>
  completed !== undefined && invoke !== undefined && completed < invoke;

/** A fault struck while an accepted task was still to begin. */
const whileDelayed = (kind: string) => (history: History) => {
  const strikes = history.events.flatMap((event, index) =>
    event.type === "fault" && event.kind === kind && event.phase === "struck" ? [index] : [],
  );
  return performed(history).some((one) => {
    const id = submitted(one.operation)?.id;
    const begun = history.events.findIndex((event) => id !== undefined && effectOf(event)?.id === id);
    return isAcked(one) && strikes.some((strike) => strike > one.completed! && strike < begun);
  });
};

property("a task that was accepted is performed once, when it is due", {
  pattern: "message-queue",
  environment: { EXTERNAL_RETRY_INTERVAL: "5", EXTERNAL_RETRY_MAX_INTERVAL: "20" },
  plan: storm({
    operations: 9,
    kinds: {
      submit: {
        weight: 4,
        request: aTask.map(submitting),
        messages: { toEndpoint: 3, toServer: 4 },
        effects: 1,
        ends: ["attach", "attach", "cancel", "terminate"],
      },
      send: {
        weight: 2,
        request: aTask.map(sending),
        messages: { toEndpoint: 3, toServer: 4 },
        effects: 1,
        ends: ["attach", "attach", "cancel", "terminate"],
      },
      run: { weight: 1, request: aTask.map(running), messages: { toEndpoint: 3, toServer: 4 }, effects: 1 },
      await: { weight: 3, request: fc.constantFrom(...IDS).map(awaiting) },
      malformed: { weight: 1, request: malformed },
    },
  }),
  invariants: {
    "acked is never lost": ackedIsNeverLost,
    "a good submission is accepted": goodIsAccepted,
    "effectively once": everyTaskOnce,
    "not before its time": notBeforeItsTime,
    "one result": oneResult,
    "one invocation": oneInvocation,
    "whoever waits is told": whoeverWaitsIsTold,
    "the result is what was done": resultIsWhatWasDone,
    "bad input is refused": badInputIsRefused,
    "no invented effect": nothingInvented,
  },
  reaches: {
    "a task is submitted twice at the same time": {
      met: again(overlap),
      plan: { operations: [submit("o1"), submit("o2", T1, { at: atOperation("o1", "invoke") }), run("o3"), ask("o4")] },
    },
    "a task is submitted again after its answer": {
      met: again((first, second) => first.completion?.type === "ok" && isOver(first, second)),
      plan: { operations: [submit("o1"), submit("o2", T1, { after: ["o1"] }), send("o3", T1, { after: ["o2"] })] },
    },
    "a task is submitted again after a lost answer": {
      met: again((first, second) => first.completion?.type === "info" && isOver(first, second)),
      plan: {
        operations: [submit("o1"), submit("o2", T1, { after: ["o1"] }), ask("o3", { after: ["o2"] })],
        faults: [fault("f1", "client-walks-away", atOperation("o1", "invoke"))],
      },
    },
    "a client loses its connection and submits again": {
      met: struck("client-retries"),
      plan: { operations: [submit("o1", LATER)], faults: [fault("f1", "client-retries", atOperation("o1", "invoke"))] },
    },
    "a task is submitted again with less delay": {
      met: again(
        (first, second) =>
          isOver(first, second) && submitted(first.operation)!.delay > submitted(second.operation)!.delay,
      ),
      plan: { operations: [submit("o1", LATER), submit("o2", { ...T1, delay: 40 }, { after: ["o1"] })] },
    },
    "another task is submitted under the same id": {
      met: again((first, second) => submitted(first.operation)!.task !== submitted(second.operation)!.task),
      plan: { operations: [submit("o1"), submit("o2", { ...T1, task: "sing" }), ask("o3", { after: ["o1", "o2"] })] },
    },
    "a delayed task is awaited at the front door, and attached to, before it begins": {
      met: (history) =>
        performed(history).some(
          (one) =>
            one.operation.mode === "attach" &&
            performed(history).some(
              ({ operation, ...other }) => operation.kind === "await" && overlap(one, { operation, ...other }),
            ),
        ),
      plan: {
        operations: [
          submit("o1", LATER),
          ask("o2", { after: ["o1"] }),
          ask("o3", { after: ["o1"] }),
          about("o4", "attach", { after: ["o1"] }),
        ],
      },
    },
    "a result is attached to when it has long been there": {
      met: (history) =>
        performed(history).some(
          ({ operation, invoke }) =>
            operation.mode === "attach" && history.events.slice(0, invoke).some((event) => effectOf(event)),
        ),
      plan: { operations: [run("o1"), about("o2", "attach", { after: ["o1"] }), ask("o3", { after: ["o1"] })] },
    },
    "a task is awaited before it is submitted": {
      met: (history) =>
        performed(history).some(
          ({ operation, completion }) =>
            operation.kind === "await" && completion?.type === "fail" && completion.status === 404,
        ),
      plan: { operations: [ask("o1"), submit("o2", T1, { after: ["o1"] }), ask("o3", { after: ["o2"] })] },
    },
    "bad input comes under the id of a task": {
      met: (history) =>
        performed(history).some(
          ({ operation, completion }) => operation.kind === "malformed" && completion?.type === "fail",
        ),
      plan: {
        operations: [
          operation("o1", "malformed", { call: { ...FRONT, handler: "POST /tasks" }, input: { id: "@t1", task: "" } }),
          submit("o2", T1, { after: ["o1"] }),
          ask("o3", { after: ["o2"] }),
        ],
      },
    },
    "the answer is lost after the effect": {
      met: struck("external-loses-answer"),
      plan: { operations: [submit("o1")], faults: [fault("f1", "external-loses-answer", atCall(1, "after"))] },
    },
    "Restate is killed while a task is delayed": {
      met: whileDelayed("kill-server"),
      plan: {
        operations: [submit("o1", LATER), ask("o2", { after: ["o1"] })],
        faults: [fault("f1", "kill-server", atOperation("o1", "completion"))],
      },
    },
    "a task is submitted while Restate is down": {
      met: (history) =>
        performed(history).some(({ operation, invoke }) => {
          const last = history.events
            .slice(0, invoke ?? 0)
            .findLast((event) => event.type === "fault" && event.kind === "kill-server");
          return submitted(operation) !== undefined && last?.type === "fault" && last.phase === "struck";
        }),
      plan: {
        operations: [submit("o1")],
        faults: [fault("f1", "kill-server", atOperation("o1", "invoke", "before"))],
      },
    },
    "the endpoint is killed while a task is delayed": {
      met: whileDelayed("kill-endpoint"),
      plan: {
        operations: [submit("o1", LATER), submit("o2", LATER, { after: ["o1"] })],
        faults: [fault("f1", "kill-endpoint", atOperation("o1", "completion"))],
      },
    },
    "the endpoint is killed after a task was performed": {
      met: struck("kill-endpoint"),
      plan: { operations: [submit("o1"), ask("o2")], faults: [fault("f1", "kill-endpoint", atCall(1, "after"))] },
    },
    "a task is refused, and everyone hears of it": {
      met: (history) =>
        performed(history).filter(({ completion }) => completion?.type === "fail" && completion.status === REFUSED)
          .length > 1,
      plan: {
        operations: [
          submit("o1", { ...T1, task: IMPOSSIBLE_TASK }),
          ask("o2", { after: ["o1"] }),
          run("o3", T1, { after: ["o1"] }),
        ],
      },
    },
    "a task fails twice before it is performed": {
      met: (history) =>
        history.events.filter(
          (event) => event.type === "fault" && event.kind === "external-fails" && event.phase === "struck",
        ).length > 1,
      plan: {
        operations: [submit("o1"), ask("o2", { after: ["o1"] })],
        faults: [
          fault("f1", "external-fails", atCall(1, "before")),
          fault("f2", "external-fails", atCall(2, "before")),
        ],
      },
    },
    "a task stalls while others wait for it": {
      met: struck("external-stalls"),
      plan: {
        operations: [run("o1"), ask("o2", { at: atCall(1, "before") })],
        faults: [fault("f1", "external-stalls", atCall(1, "before"))],
      },
    },
    "a zombie performs a task late": {
      met: struck("zombie"),
      plan: {
        operations: [submit("o1"), ask("o2", { after: ["o1"] })],
        faults: [fault("f1", "zombie", atCall(1, "before"), atOperation("o2", "completion", "before"))],
      },
    },
    "the connection to the endpoint is lost": {
      met: struck("cut-session"),
      plan: { operations: [run("o1"), ask("o2")], faults: [fault("f1", "cut-session", atMessage(2, "after"))] },
    },
    "a delayed task is cancelled, and submitted again": {
      met: (history) =>
        performed(history).some(({ operation, completed, completion }) => {
          if (operation.mode !== "cancel" || completion?.type !== "ok") return false;
          return history.events.slice(completed).some((event) => effectOf(event));
        }),
      plan: {
        operations: [
          submit("o1", LATER),
          about("o2", "cancel", { after: ["o1"] }),
          submit("o3", { ...T1, delay: 40 }, { after: ["o2"] }),
          ask("o4", { after: ["o3"] }),
        ],
      },
    },
    "a task is terminated while it runs": {
      met: (history) =>
        performed(history).some(
          ({ operation, completion }) => operation.mode === "terminate" && completion?.type === "ok",
        ),
      plan: {
        operations: [submit("o1"), ask("o2", { after: ["o1"] }), about("o3", "terminate", { at: atCall(1, "after") })],
      },
    },
  },
});
