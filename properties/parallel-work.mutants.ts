import type { Mutant } from "../harness/stack/index.ts";

const worker = "src/parallel-work/worker.ts";

export const mutants: Mutant[] = [
  {
    name: "subtasks one after the other",
    file: worker,
    find: `  const calls = subtasksOf(description).map((subtask) => ctx.serviceClient(worker).runSubtask(subtask));
`,
    replace: `  const calls: restate.RestatePromise<string>[] = [];
  for (const subtask of subtasksOf(description)) {
    calls.push(ctx.serviceClient(worker).runSubtask(subtask));
    await untilSettled(restate.RestatePromise.allSettled(calls));
  }
`,
    breaks: ["subtasks do not wait for each other"],
    note: "a call of one subtask stalls",
  },
  {
    name: "two subtasks at a time",
    file: worker,
    find: `  const calls = subtasksOf(description).map((subtask) => ctx.serviceClient(worker).runSubtask(subtask));
`,
    replace: `  const calls: restate.RestatePromise<string>[] = [];
  for (const subtask of subtasksOf(description)) {
    calls.push(ctx.serviceClient(worker).runSubtask(subtask));
    if (calls.length % 2 === 0) await untilSettled(restate.RestatePromise.allSettled(calls));
  }
`,
    breaks: ["subtasks do not wait for each other"],
    note: "a call of one subtask stalls",
  },
  {
    name: "equal subtasks done once",
    file: worker,
    find: "const calls = subtasksOf(description).map(",
    replace: "const calls = [...new Set(subtasksOf(description))].map(",
    breaks: ["results in input order", "each subtask once"],
  },
  {
    name: "equal subtasks under one key",
    file: worker,
    find: "const tag = { key, reference: ctx.request().id };",
    replace: 'const tag = { key: subtask, reference: "worker" };',
    breaks: ["each subtask once"],
    note: "the workshop takes the second of two equal subtasks for a repetition of the first",
  },
  {
    name: "key of the effect not durable",
    file: worker,
    find: 'const key = await ctx.run("begin", () => crypto.randomUUID());',
    replace: 'await ctx.run("begin", () => {});\n  const key = crypto.randomUUID();',
    breaks: ["each subtask once"],
    note: "an answer of the workshop is lost, or the attempt of a subtask, and the next one asks under another key",
  },
  {
    name: "subtask done outside of ctx.run",
    file: worker,
    find: 'await untilSettled(ctx.run("perform", () => workshop.perform(subtask, tag).catch(endOnRefusal), externalRetries()));',
    replace: "await workshop.perform(subtask, { ...tag, key: crypto.randomUUID() }).catch(endOnRefusal);",
    breaks: ["each subtask once"],
    note: "any attempt of a subtask that is repeated does it again",
  },
  {
    name: "results in the order in which they come",
    file: worker,
    find: "  const ended = await untilSettled(restate.RestatePromise.allSettled(calls));\n",
    replace: `  const ended: PromiseSettledResult<string>[] = [];
  await untilSettled(restate.RestatePromise.allSettled(calls.map((call) => call.map((value = "", reason) => {
    ended.push(reason ? { status: "rejected", reason } : { status: "fulfilled", value });
  }))));
`,
    breaks: ["results in input order"],
    note: "a later subtask is done before an earlier one, whose call stalls",
  },
  {
    name: "first failure answers",
    file: worker,
    find: "const ended = await untilSettled(restate.RestatePromise.allSettled(calls));",
    replace:
      "await untilSettled(restate.RestatePromise.all(calls));\n  const ended = await restate.RestatePromise.allSettled(calls);",
    breaks: ["nothing done after the answer"],
    note: "a subtask is refused while another is not done yet",
  },
  {
    name: "cancelled run walks away from its subtasks",
    file: worker,
    find: "const ended = await untilSettled(restate.RestatePromise.allSettled(calls));",
    replace: "const ended = await restate.RestatePromise.allSettled(calls);",
    breaks: ["nothing done after the answer"],
    note: "it is cancelled while a subtask is in the workshop",
  },
  {
    name: "cancelled subtask walks away from its call",
    file: worker,
    find: 'await untilSettled(ctx.run("perform", () => workshop.perform(subtask, tag).catch(endOnRefusal), externalRetries()));',
    replace: 'await ctx.run("perform", () => workshop.perform(subtask, tag).catch(endOnRefusal), externalRetries());',
    breaks: ["nothing done after the answer"],
    note: "it is cancelled while a call is under way",
  },
  {
    name: "subtasks sent one way",
    file: worker,
    find: `  const calls = subtasksOf(description).map((subtask) => ctx.serviceClient(worker).runSubtask(subtask));
`,
    replace: `  const calls = subtasksOf(description).map((subtask) => {
    ctx.serviceSendClient(worker).runSubtask(subtask);
    return ctx.run(() => \`\${subtask}: DONE\`);
  });
`,
    breaks: ["nothing done after the answer", "each subtask once"],
  },
  {
    name: "failed subtasks left out of the result",
    file: worker,
    find: '    if (one.status === "rejected") throw one.reason;\n    return one.value;\n',
    replace: '    if (one.status === "rejected") return [];\n    return one.value;\n',
    breaks: ["results in input order", "each subtask once"],
    note: "a subtask is refused, or the run is cancelled",
  },
  {
    name: "failure of the workshop swallowed",
    file: worker,
    find: "workshop.perform(subtask, tag).catch(endOnRefusal)",
    replace: "workshop.perform(subtask, tag).catch(() => undefined)",
    breaks: ["each subtask once"],
    note: "the workshop refuses, or fails once",
  },
  {
    name: "subtask given up after one attempt",
    file: worker,
    find: "workshop.perform(subtask, tag).catch(endOnRefusal), externalRetries())",
    replace: "workshop.perform(subtask, tag).catch(endOnRefusal), { ...externalRetries(), maxRetryAttempts: 1 })",
    breaks: ["fails for a reason", "each subtask once"],
    note: "the workshop fails once",
  },
  {
    name: "subtasks that were begun remembered in memory",
    file: worker,
    find: 'const key = await ctx.run("begin", () => crypto.randomUUID());',
    replace: `const begun = ((globalThis as { begun?: Set<string> }).begun ??= new Set());
  if (begun.has(ctx.request().id)) return \`\${subtask}: DONE\`;
  const key = await ctx.run("begin", () => crypto.randomUUID());
  begun.add(ctx.request().id);`,
    breaks: ["each subtask once", "replays deterministically", "terminates"],
    note: "an attempt of a subtask is repeated in the same process and believes that it is done",
  },
  {
    name: "clock in the name of a step",
    file: worker,
    find: 'ctx.run("perform", ',
    replace: 'ctx.run("perform at " + performance.now(), ',
    breaks: ["replays deterministically", "terminates"],
    note: "an attempt of a subtask is repeated when the step is in its journal",
  },
  {
    name: "empty subtasks skipped",
    file: "src/parallel-work/description.ts",
    find: 'subtasksOf(text).every((subtask) => subtask !== "")',
    replace: 'subtasksOf(text).some((subtask) => subtask !== "")',
    breaks: ["bad input is refused"],
    note: "a comma too many",
  },
  {
    name: "text of a subtask truncated",
    file: worker,
    find: "workshop.perform(subtask, tag)",
    replace: "workshop.perform(subtask.slice(0, 4), tag)",
    breaks: ["no spurious effect"],
  },
];
