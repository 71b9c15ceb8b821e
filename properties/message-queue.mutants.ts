import type { Mutant } from "../harness/stack/index.ts";

const worker = "src/message-queue/worker.ts";
const queue = "src/message-queue/task-queue.ts";
const front = "src/message-queue/front.ts";
const workshop = "src/external/workshop.ts";

export const mutants: Mutant[] = [
  {
    name: "key of the effect made anew",
    file: worker,
    find: "{ key: spell(id), reference: id }",
    replace: "{ key: crypto.randomUUID(), reference: id }",
    breaks: ["effectively once"],
    note: "an answer is lost, and the call is repeated under another key",
  },
  {
    name: "idempotency key not sent along",
    file: workshop,
    find: "headers: keyHeader(key),",
    replace: "headers: {},",
    breaks: ["effectively once"],
    note: "an answer is lost",
  },
  {
    name: "failure taken for done",
    file: worker,
    find: ".catch(endOnRefusal)",
    replace: ".catch(() => undefined)",
    breaks: ["acked is never lost", "the result is what was done"],
    note: "the external system is unavailable for a moment",
  },
  {
    name: "given up after the second failure",
    file: worker,
    find: "perform, externalRetries()",
    replace: "perform, { ...externalRetries(), maxRetryAttempts: 2 }",
    breaks: ["acked is never lost", "fails for a reason", "answered unless disturbed"],
  },
  {
    name: "refusal retried for ever",
    file: "src/external/end-on-refusal.ts",
    find: "  if (error instanceof Refusal) throw new TerminalError(error.message, { errorCode: error.status });\n",
    replace: "",
    breaks: ["terminates"],
    note: "a task is impossible",
  },
  {
    name: "answered before it is done",
    file: worker,
    find: 'await ctx.run("perform", perform, externalRetries());',
    replace: "void perform().catch(() => {});",
    breaks: ["the result is what was done", "acked is never lost"],
    note: "the work fails, or the process ends, when the result has been answered",
  },
  {
    name: "time-out answered although the task goes on",
    file: worker,
    find: "perform, externalRetries());",
    replace: "perform, externalRetries()).orTimeout(150);",
    breaks: ["fails for a reason", "answered unless disturbed"],
    note: "the external system stalls",
  },
  {
    name: "name of the step not stable",
    file: worker,
    find: 'ctx.run("perform"',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code
    replace: "ctx.run(`perform ${crypto.randomUUID()}`",
    breaks: ["replays deterministically", "terminates"],
    note: "an attempt ends after the step was begun, and the next one begins another",
  },
  {
    name: "delay dropped",
    file: queue,
    find: ", delay: delayMs",
    replace: "",
    breaks: ["not before its time"],
  },
  {
    name: "delay rounded to seconds",
    file: queue,
    find: "delay: delayMs }",
    replace: "delay: { seconds: Math.round(delayMs / 1000) } }",
    breaks: ["not before its time"],
  },
  {
    name: "duplicate refused",
    file: queue,
    find: `    const { invocationId } = await answerOf(
      this.#ingress
        .serviceSendClient<typeof asyncTaskWorker>({ name: "asyncTaskWorker" })
        .runTask(task, clients.rpc.sendOpts({ idempotencyKey: spell(task.id), delay: delayMs })),
    );
`,
    replace: `    const { invocationId, status } = await answerOf(
      this.#ingress
        .serviceSendClient<typeof asyncTaskWorker>({ name: "asyncTaskWorker" })
        .runTask(task, clients.rpc.sendOpts({ idempotencyKey: spell(task.id), delay: delayMs })),
    );
    if (status === "PreviouslyAccepted")
      await answerOf(Promise.reject(new clients.HttpCallError(409, "it was submitted before", "409")));
`,
    breaks: ["fails for a reason"],
    note: "who submits again because the answer was lost hears of a failure, and the task stands",
  },
  {
    name: "lost answer taken for accepted",
    file: queue,
    find: `retry: true });

  /**
   * Settles once Restate has the task: from then on it will run, and nobody need wait for it.
   * The first submission of an id decides what is done and when; later ones find the same invocation.
   */
  async submit(task: Task, delayMs = 0): Promise<{ invocationId: string }> {
    const { invocationId } = await answerOf(
      this.#ingress
        .serviceSendClient<typeof asyncTaskWorker>({ name: "asyncTaskWorker" })
        .runTask(task, clients.rpc.sendOpts({ idempotencyKey: spell(task.id), delay: delayMs })),
    );
`,
    replace: `});

  async submit(task: Task, delayMs = 0): Promise<{ invocationId: string }> {
    const { invocationId } = await answerOf(
      this.#ingress
        .serviceSendClient<typeof asyncTaskWorker>({ name: "asyncTaskWorker" })
        .runTask(task, clients.rpc.sendOpts({ idempotencyKey: spell(task.id), delay: delayMs })),
    ).catch(() => ({ invocationId: "" }));
`,
    breaks: ["acked is never lost", "fails for a reason", "answered unless disturbed"],
    note: "Restate is down when the task is submitted",
  },
  {
    name: "invocations remembered in memory",
    file: queue,
    find: `    return { invocationId };
  }

  /** Waits for the result of a task that was submitted, by this process or another. */
  result(id: string): Promise<TaskResult> {
    // an invocation can be named by its target and idempotency key, which Restate takes as it stands in the path
    const invocationId = \`asyncTaskWorker/runTask/\${spell(id)}\`;
`,
    replace: `    TaskQueue.submitted.set(task.id, invocationId);
    return { invocationId };
  }
  static readonly submitted = new Map<string, string>();

  result(id: string): Promise<TaskResult> {
    const invocationId = TaskQueue.submitted.get(id);
    if (!invocationId) return answerOf(Promise.reject(new clients.HttpCallError(404, "no such task", "404")));
`,
    breaks: ["fails for a reason", "answered unless disturbed"],
    note: "the process that accepted the task is gone when its result is asked for",
  },
  {
    name: "idempotency key dropped, as invocations are remembered",
    file: queue,
    find: `        .runTask(task, clients.rpc.sendOpts({ idempotencyKey: spell(task.id), delay: delayMs })),
    );
    return { invocationId };
  }

  /** Waits for the result of a task that was submitted, by this process or another. */
  result(id: string): Promise<TaskResult> {
    // an invocation can be named by its target and idempotency key, which Restate takes as it stands in the path
    const invocationId = \`asyncTaskWorker/runTask/\${spell(id)}\`;
`,
    replace: `        .runTask(task, clients.rpc.sendOpts({ delay: delayMs })),
    );
    TaskQueue.submitted.set(task.id, invocationId);
    return { invocationId };
  }
  static readonly submitted = new Map<string, string>();

  result(id: string): Promise<TaskResult> {
    const invocationId = TaskQueue.submitted.get(id);
    if (!invocationId) return answerOf(Promise.reject(new clients.HttpCallError(404, "no such task", "404")));
`,
    breaks: ["idempotent", "fails for a reason", "answered unless disturbed"],
  },
  {
    name: "awaited by running it again",
    file: queue,
    find: `    // an invocation can be named by its target and idempotency key, which Restate takes as it stands in the path
    const invocationId = \`asyncTaskWorker/runTask/\${spell(id)}\`;
    return answerOf(this.#patient.result<TaskResult>({ invocationId, status: "PreviouslyAccepted", attachable: true }));
`,
    replace: `    return answerOf(
      this.#ingress
        .serviceClient<typeof asyncTaskWorker>({ name: "asyncTaskWorker" })
        .runTask({ id, task: "" }, clients.rpc.opts({ idempotencyKey: spell(id) })),
    );
`,
    breaks: ["acked is never lost", "fails for a reason", "answered unless disturbed"],
    note: "who asks too early uses up the key of the task",
  },
  {
    name: "task not validated at the front door",
    file: front,
    find: "Task.extend({ ",
    replace: "Task.extend({ task: z.any(), ",
    breaks: ["bad input is refused", "acked is never lost", "fails for a reason", "answered unless disturbed"],
    note: "the bad input uses up the key of the task",
  },
  {
    name: "refusals remembered as results",
    file: front,
    find: '  app.get("/tasks/:id", async (c) => c.json(await new TaskQueue().result(idIn(c, "id"))));\n',
    replace: `  const results = new Map<string, ReturnType<TaskQueue["result"]>>();
  app.get("/tasks/:id", async (c) => {
    const id = idIn(c, "id");
    const result = results.get(id) ?? new TaskQueue().result(id);
    results.set(id, result);
    return c.json(await result);
  });
`,
    breaks: ["fails for a reason", "answered unless disturbed"],
    note: "a task is asked for before it is submitted, and again afterwards",
  },
  {
    name: "task that takes long answered as pending",
    file: front,
    find: 'app.get("/tasks/:id", async (c) => c.json(await new TaskQueue().result(idIn(c, "id"))));',
    replace: `app.get("/tasks/:id", async (c) => {
    const pending = new Promise((resolve) => {
      setTimeout(() => resolve({ id: idIn(c, "id"), result: "PENDING" }), 20);
    });
    return c.json(await Promise.race([new TaskQueue().result(idIn(c, "id")), pending]));
  });`,
    breaks: ["one result", "the result is what was done"],
    note: "somebody asks while the task waits for its time",
  },
  {
    name: "text of a task folded",
    file: worker,
    find: "workshop.perform(task, {",
    replace: "workshop.perform(task.toUpperCase(), {",
    breaks: ["effects carry what was asked"],
  },
  {
    name: "effect booked under the text of the task",
    file: worker,
    find: "reference: id }",
    replace: "reference: task }",
    breaks: ["no spurious effects"],
  },
];
