import type { Mutant } from "../harness/stack/index.ts";

const operator = "src/state-machines/machine-operator.ts";
const client = "src/external/machines.ts";

export const mutants: Mutant[] = [
  {
    name: "machine told before its operator's intent is safe",
    file: operator,
    find: '  await untilSettled(ctx.run("intend", () => {}));\n',
    replace: "",
    breaks: ["finished before the answer", "begun is completed", "alternates legally", "answers are truthful"],
    note: "the transition is terminated between its begin and the server's hearing of it",
  },
  {
    name: "one lock for the machines of a row",
    file: operator,
    find: "  await carryOut(ctx, { number: last.number + 1, to, finished: false });\n",
    replace: `  const locks = ((globalThis as { machineLocks?: Map<string, Promise<void>> }).machineLocks ??= new Map());
  const row = ctx.key.slice(0, -1);
  const mine = (locks.get(row) ?? Promise.resolve()).then(() =>
    carryOut(ctx, { number: last.number + 1, to, finished: false }),
  );
  locks.set(row, mine.catch(() => undefined));
  await mine;
`,
    breaks: ["machines do not wait for each other"],
    note: "a call about one machine is held up while another is asked for",
  },
  {
    name: "begins of a row of machines told one after the other",
    file: client,
    find: '  begin: (transition: Transition, tag: Pick<Tag, "key">) => report("begin", transition, tag),\n',
    replace: `  begin: ((queues: Map<string, Promise<unknown>>) => (transition: Transition, tag: Pick<Tag, "key">) => {
    const row = transition.machine.slice(0, -1);
    const next = (queues.get(row) ?? Promise.resolve()).then(() => report("begin", transition, tag));
    queues.set(row, next.catch(() => undefined));
    return next;
  })(new Map()),
`,
    breaks: ["machines do not wait for each other"],
    note: "a call about one machine is held up while another is asked for",
  },
  {
    name: "cancellation breaks the transition off",
    file: operator,
    find: 'import { untilSettled } from "../shared/until-settled.ts";',
    replace: "const untilSettled = <T>(promise: restate.RestatePromise<T>): restate.RestatePromise<T> => promise;",
    breaks: ["finished before the answer", "begun is completed", "answers are truthful"],
    note: "the invocation is cancelled while the machine is in transition",
  },
  {
    name: "cancelled transition reverted in the books only",
    file: operator,
    find: "  await untilSettled(ctx.sleep(transitionTime()));\n",
    replace: `  try {
    await ctx.sleep(transitionTime());
  } catch (error) {
    ctx.set("transition", { number, to: to === "UP" ? "DOWN" : "UP", finished: true });
    throw error;
  }
`,
    breaks: ["finished before the answer", "begun is completed", "answers are truthful", "one transition at a time"],
    note: "the invocation is cancelled while the machine is in transition",
  },
  {
    name: "second cancellation breaks the transition off",
    file: operator,
    find: "  await untilSettled(ctx.sleep(transitionTime()));\n",
    replace: `  const slept = ctx.sleep(transitionTime());
  await slept.catch(() => slept.map(() => undefined));
`,
    breaks: ["finished before the answer", "begun is completed", "answers are truthful"],
    note: "the invocation is cancelled twice while the machine is in transition",
  },
  {
    name: "transition recorded as finished when it begins",
    file: operator,
    find: 'ctx.set("transition", transition);',
    replace: 'ctx.set("transition", { ...transition, finished: true });',
    breaks: ["one transition at a time", "alternates legally"],
    note: "an invocation is terminated in mid-transition, and the next one begins another",
  },
  {
    name: "transition that another left unfinished is skipped",
    file: operator,
    find: "  if (!last.finished) await carryOut(ctx, last);\n",
    replace: "",
    breaks: ["one transition at a time", "alternates legally"],
    note: "an invocation is terminated in mid-transition, and the next one takes it for done",
  },
  {
    name: "key of a report made anew for each call",
    file: operator,
    find: "const tag = { key: ",
    replace: "const tag = { key: crypto.randomUUID() + ",
    breaks: ["one transition at a time", "alternates legally"],
    note: "an answer is lost, and the machine is told again",
  },
  {
    name: "number of a transition drawn from the clock",
    file: operator,
    find: "number: last.number + 1,",
    replace: "number: Date.now(),",
    breaks: ["replays deterministically", "terminates", "one transition at a time", "alternates legally"],
    note: "an attempt is repeated, and calls its transition by another number",
  },
  {
    name: "transitions counted in memory",
    file: operator,
    find: "number: last.number + 1,",
    replace:
      "number: ((globalThis as { transitions?: number }).transitions = ((globalThis as { transitions?: number }).transitions ?? 0) + 1),",
    breaks: ["replays deterministically", "terminates", "one transition at a time", "alternates legally"],
    note: "an attempt is repeated in the same process",
  },
  {
    name: "failed report ignored",
    file: operator,
    find: "machines[phase]({ machine: ctx.key, transition: number, to }, tag);",
    replace: "machines[phase]({ machine: ctx.key, transition: number, to }, tag).catch(() => undefined);",
    breaks: ["alternates legally", "begun is completed", "finished before the answer", "answers are truthful"],
    note: "a machine fails before it hears",
  },
  {
    name: "report given up after one attempt",
    file: operator,
    find: "ctx.run(phase, action, externalRetries())",
    replace: "ctx.run(phase, action, { ...externalRetries(), maxRetryAttempts: 1 })",
    breaks: ["finished before the answer", "begun is completed", "answers are truthful"],
    note: "a machine fails once, before it hears that it is done",
  },
  {
    name: "machine forgotten when it is down",
    file: operator,
    find: '  ctx.set("transition", { ...transition, finished: true });\n',
    replace: `  if (to === "DOWN") ctx.clear("transition");
  else ctx.set("transition", { ...transition, finished: true });
`,
    breaks: ["answers are truthful"],
    note: "its numbers begin anew, and what it is told is taken for a repetition",
  },
  {
    name: "sleep not awaited",
    file: operator,
    find: "  await untilSettled(ctx.sleep(transitionTime()));\n",
    replace: "  ctx.sleep(transitionTime());\n",
    breaks: ["takes its time"],
  },
  {
    name: "what the machine is remembered in memory",
    file: operator,
    find: "  if (last.to === to) return { status: to, changed: false };\n",
    replace: `  const known = ((globalThis as { machineStatus?: Map<string, Status> }).machineStatus ??= new Map());
  if ((known.get(ctx.key) ?? last.to) === to) return { status: to, changed: false };
  known.set(ctx.key, to);
`,
    breaks: ["replays deterministically", "terminates", "begun is completed", "answers are truthful", "linearizable"],
    note: "an attempt is repeated in the same process and believes that it is done",
  },
  {
    name: "status not compared",
    file: operator,
    find: "  if (last.to === to) return { status: to, changed: false };\n",
    replace: "",
    breaks: ["alternates legally", "linearizable"],
    note: "a machine is asked to be as it is",
  },
  {
    name: "status to reach kept in a variable of the module",
    file: operator,
    find: "const action = () => machines[phase]({ machine: ctx.key, transition: number, to }, tag);",
    replace: `const common = globalThis as { to?: Status };
    if (phase === "begin") common.to = to;
    const action = () => machines[phase]({ machine: ctx.key, transition: number, to: common.to ?? to }, tag);`,
    breaks: ["effects carry what was asked", "alternates legally"],
    note: "one machine goes up while another goes down",
  },
  {
    name: "id of a machine truncated",
    file: operator,
    find: "machine: ctx.key, transition",
    replace: "machine: ctx.key.slice(0, -1), transition",
    breaks: ["no spurious effect"],
  },
];
