import type { Mutant } from "../harness/stack/index.ts";

const queue = "src/priority-queue/queue.ts";
const inTurn = "src/priority-queue/in-turn.ts";
const service = "src/priority-queue/my-service.ts";

export const mutants: Mutant[] = [
  {
    name: "one too many let in",
    file: queue,
    find: "Math.max(0, queueLimit() - inFlight)",
    replace: "Math.max(0, queueLimit() - inFlight + 1)",
    breaks: ["never more than the limit"],
  },
  {
    name: "whoever pushes is let in, although others hold all slots",
    file: queue,
    find: "letIn(ctx, { inFlight, waiting: [...waiting, item]",
    replace: "letIn(ctx, { inFlight: waiting.length, waiting: [...waiting, item]",
    breaks: ["never more than the limit", "nothing in flight in the end"],
    note: "who waits is counted in the place of who is in flight",
  },
  {
    name: "priority ignored",
    file: queue,
    find: ".toSorted((a, b) => a.priority - b.priority)",
    replace: "",
    breaks: ["best priority first"],
  },
  {
    name: "the least urgent goes first",
    file: queue,
    find: "a.priority - b.priority",
    replace: "b.priority - a.priority",
    breaks: ["best priority first"],
  },
  {
    name: "priorities compared as texts",
    file: queue,
    find: "(a, b) => a.priority - b.priority",
    replace: "(a, b) => String(a.priority).localeCompare(String(b.priority))",
    breaks: ["best priority first"],
    note: "10 before 2",
  },
  {
    name: "priority 0 taken for none",
    file: queue,
    find: "[...waiting, item].toSorted",
    replace: "[...waiting, { ...item, priority: item.priority || 1 }].toSorted",
    breaks: ["best priority first"],
    note: "it waits behind one of priority 1",
  },
  {
    name: "fractions of a priority cut off",
    file: queue,
    find: "(a, b) => a.priority - b.priority",
    replace: "(a, b) => Math.trunc(a.priority) - Math.trunc(b.priority)",
    breaks: ["best priority first"],
    note: "0 and -0.5 are told apart",
  },
  {
    name: "no priority counts as the most urgent one",
    file: queue,
    find: "z.number().default(1)",
    replace: "z.number().default(0)",
    breaks: ["best priority first", "first come first served"],
  },
  {
    name: "last come, first served",
    file: queue,
    find: "waiting: [...waiting, item].toSorted",
    replace: "waiting: [item, ...waiting].toSorted",
    breaks: ["first come first served"],
  },
  {
    name: "a cancelled item drops out without a word",
    file: inTurn,
    find: "    line.drop(id);\n",
    replace: "",
    breaks: ["a slot is given back once", "nothing in flight in the end", "terminates"],
  },
  {
    name: "a cancelled item gives back a slot that it may not have",
    file: inTurn,
    find: "line.drop(id);",
    replace: "line.done();",
    breaks: ["never more than the limit", "nothing in flight in the end"],
    note: "cancelled while it waits",
  },
  {
    name: "dropped out of the line, and a slot given back",
    file: queue,
    find: "if (others.length < waiting.length) letIn(ctx, { inFlight, waiting: others });\n        else giveBack(ctx, { inFlight, waiting });",
    replace: "giveBack(ctx, { inFlight, waiting: others });",
    breaks: ["never more than the limit", "nothing in flight in the end"],
    note: "cancelled while it waits",
  },
  {
    name: "the line turned round when somebody drops out",
    file: queue,
    find: "letIn(ctx, { inFlight, waiting: others });",
    replace: "letIn(ctx, { inFlight, waiting: others.reverse() });",
    breaks: ["best priority first", "first come first served"],
    note: "who waits was sorted when he came, and never again",
  },
  {
    name: "a slot on its way to a cancelled item is lost",
    file: queue,
    find: "else giveBack(ctx, { inFlight, waiting });",
    replace: "",
    breaks: ["nothing in flight in the end", "terminates"],
    note: "cancelled when the slot has been granted, and it does not know yet",
  },
  {
    name: "a refused item keeps its slot",
    file: inTurn,
    find: `  try {
    return await untilSettled(work());
  } finally {
    line.done();
  }
`,
    replace: `  const result = await untilSettled(work());
  line.done();
  return result;
`,
    breaks: ["a slot is given back once", "nothing in flight in the end", "terminates"],
  },
  {
    name: "a failed item gives its slot back twice",
    file: inTurn,
    find: "  } finally {\n    line.done();",
    replace: "  } catch (error) {\n    line.drop(id);\n    throw error;\n  } finally {\n    line.done();",
    breaks: ["a slot is given back once", "never more than the limit"],
  },
  {
    name: "the slot is given back before the work",
    file: inTurn,
    find: "    return await untilSettled(work());\n  } finally {\n    line.done();",
    replace: "    line.done();\n    return await untilSettled(work());\n  } finally {",
    breaks: ["never more than the limit"],
  },
  {
    name: "the work is begun, and not waited for, before the slot is given back",
    file: inTurn,
    find: "return await untilSettled(work());",
    replace: "return untilSettled(work());",
    breaks: ["never more than the limit"],
    note: "`await` taken for needless",
  },
  {
    name: "the drop is waited for, and cancelled in its turn",
    file: inTurn,
    find: "line.drop(id);",
    replace: "await ctx.objectClient(queue, key).drop(id);",
    breaks: ["nothing in flight in the end", "a slot is given back once", "terminates"],
    note: "cancelled again while it gives its slot back",
  },
  {
    name: "the slot is given back by a call that is waited for",
    file: inTurn,
    find: "    line.done();",
    replace: "    await ctx.objectClient(queue, key).done();",
    breaks: ["nothing in flight in the end", "a slot is given back once", "terminates"],
    note: "cancelled while it gives its slot back",
  },
  {
    name: "a cancelled item works on when it has given its slot back",
    file: inTurn,
    find: `  try {
    return await untilSettled(work());
  } finally {
    line.done();
  }
`,
    replace: `  const working = work();
  try {
    await working;
  } catch {
  } finally {
    line.done();
  }
  return await untilSettled(working);
`,
    breaks: ["never more than the limit"],
    note: "once, but when the await fails, and not when the work ends",
  },
  {
    name: "queues told apart by half of their names",
    file: inTurn,
    find: "ctx.objectSendClient(queue, key)",
    replace: 'ctx.objectSendClient(queue, key.replace(/[^/]*[/]/, ""))',
    breaks: ["waits in its queue"],
  },
  {
    name: "the default queue under another name",
    file: service,
    find: 'Id.default("myService/expensiveMethod")',
    replace: 'Id.default("myService")',
    breaks: ["waits in its queue"],
  },
  {
    name: "idempotency key not sent",
    file: "src/external/calculator.ts",
    find: 'headers: { ...bearer("calculator"), ...keyHeader(key) }',
    replace: 'headers: bearer("calculator")',
    breaks: ["effectively once"],
  },
  {
    name: "idempotency key not durable",
    file: service,
    find: "ctx.rand.uuidv4()",
    replace: "crypto.randomUUID()",
    breaks: ["effectively once"],
    note: "an answer is lost, and the call is repeated under another key",
  },
  {
    name: "operands in another unit",
    file: service,
    find: "calculator.add({ left, right }, tag)",
    replace: "calculator.add({ left: Math.trunc(left), right: Math.trunc(right) }, tag)",
    breaks: ["answers left + right", "no spurious effect"],
  },
  {
    name: "any text taken for an awakeable",
    file: queue,
    find: "awakeable: AwakeableId,",
    replace: "awakeable: z.string(),",
    breaks: ["bad input is refused", "terminates"],
  },
  {
    name: "awakeables known by their look alone",
    file: "src/shared/awakeable-id.ts",
    find: '.refine(isAwakeableId, "awakeable must be the id of an awakeable")',
    replace: '.regex(/^sign_1[\\w-]{38}$/, "awakeable must be the id of an awakeable")',
    breaks: ["bad input is refused", "terminates"],
    note: "one that no bytes are written as",
  },
  {
    name: "a memory of the process says who is in flight",
    file: queue,
    find: `const queueOf = async (ctx: restate.ObjectSharedContext<QueueState>): Promise<Queue> =>
  (await ctx.get("queue")) ?? EMPTY;`,
    replace: `const memory = new Map<string, Queue>();
const queueOf = async (ctx: restate.ObjectSharedContext<QueueState>): Promise<Queue> => {
  const known = memory.get(ctx.key) ?? (await ctx.get("queue")) ?? EMPTY;
  memory.set(ctx.key, known);
  return known;
};`,
    breaks: ["never more than the limit", "nothing in flight in the end", "terminates"],
  },
  {
    name: "a cancellation taken for a grant",
    file: inTurn,
    find: `catch (error) {
    // the slot may be on its way: only the queue knows
    line.drop(id);
    throw error;
  }`,
    replace: "catch {}",
    breaks: ["never more than the limit"],
  },
  {
    name: "a wait that is given up",
    file: inTurn,
    find: "await promise;",
    replace: "await promise.orTimeout({ milliseconds: 100 });",
    breaks: ["fails for a reason"],
  },
];
