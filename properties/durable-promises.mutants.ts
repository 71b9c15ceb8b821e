import type { Mutant } from "../harness/stack/index.ts";

const services = "src/durable-promises/services.ts";
const clients = "src/durable-promises/clients.ts";
const front = "src/durable-promises/front.ts";

export const mutants: Mutant[] = [
  {
    name: "last completion wins",
    file: services,
    find: '(await ctx.get("outcome")) ?? offered;',
    replace: "offered;",
    breaks: ["single value", "linearizable"],
  },
  {
    name: "late completion is told what it offered",
    file: services,
    find: "  return outcome;\n",
    replace: "  return offered;\n",
    breaks: ["single value", "linearizable"],
  },
  {
    name: "only the last waiter is remembered",
    file: services,
    find: "[...(await listenersOf(ctx)), awakeable]",
    replace: "[awakeable]",
    breaks: ["terminates"],
  },
  {
    name: "only one waiter is told",
    file: services,
    find: "for (const listener of listeners) ctx.resolveAwakeable",
    replace: "for (const listener of listeners.slice(0, 1)) ctx.resolveAwakeable",
    breaks: ["terminates"],
  },
  {
    name: "who waits for a completed promise waits as well",
    file: services,
    find: "if (outcome) ctx.resolveAwakeable(awakeable, outcome);\n        else await listen",
    replace: "if (outcome === undefined) return;\n        await listen",
    breaks: ["linearizable"],
    note: "nobody completes the promise again, and it is disposed of in the end",
  },
  {
    name: "waiters remembered in memory",
    file: services,
    find: `async function listen(ctx: restate.ObjectContext<PromiseState>, awakeable: string): Promise<void> {
  ctx.set("listeners", [...(await listenersOf(ctx)), awakeable]);
}

async function listenersOf(ctx: restate.ObjectContext<PromiseState>): Promise<string[]> {
  return (await ctx.get("listeners")) ?? [];
}`,
    replace: `const listening = new Map<string, string[]>();
async function listen(ctx: restate.ObjectContext<PromiseState>, awakeable: string): Promise<void> {
  listening.set(ctx.key, [...(await listenersOf(ctx)), awakeable]);
}

async function listenersOf(ctx: restate.ObjectContext<PromiseState>): Promise<string[]> {
  return listening.get(ctx.key) ?? [];
}`,
    breaks: ["dispose fails the waiters", "terminates", "replays deterministically"],
    note: "the process is killed while somebody waits",
  },
  {
    name: "waiting keeps others from the promise",
    file: services,
    find: `        const outcome = await ctx.get("outcome");
        if (outcome) ctx.resolveAwakeable(awakeable, outcome);
        else await listen(ctx, awakeable);`,
    replace: `        let outcome = await ctx.get("outcome");
        for (; !outcome; outcome = await ctx.get("outcome")) await ctx.sleep(20);
        ctx.resolveAwakeable(awakeable, outcome);`,
    breaks: ["terminates"],
  },
  {
    name: "dispose leaves the waiters alone",
    file: services,
    find: "      for (const listener of await listenersOf(ctx)) ctx.rejectAwakeable(listener, disposed);\n      ctx.clearAll();",
    replace: '      if (disposed) ctx.clear("outcome");',
    breaks: ["dispose fails the waiters"],
  },
  {
    name: "dispose forgets the waiters",
    file: services,
    find: "      for (const listener of await listenersOf(ctx)) ctx.rejectAwakeable(listener, disposed);\n",
    replace: "      void disposed;\n",
    breaks: ["dispose fails the waiters", "terminates"],
  },
  {
    name: "outcome cached in memory",
    file: services,
    find: `      (ctx: restate.ObjectSharedContext<PromiseState>): Promise<Outcome | null> => ctx.get("outcome"),`,
    replace: `      ((known = new Map<string, Outcome>()) =>
        async (ctx: restate.ObjectSharedContext<PromiseState>): Promise<Outcome | null> => {
          const outcome = known.get(ctx.key) ?? (await ctx.get("outcome"));
          if (outcome) known.set(ctx.key, outcome);
          return outcome;
        })(),`,
    breaks: ["linearizable"],
    note: "the promise is completed, peeked at, disposed of, and peeked at",
  },
  {
    name: "time of the completion read from the clock",
    file: services,
    find: '  ctx.clear("listeners");\n',
    replace: '  ctx.clear("listeners");\n  (ctx as restate.ObjectContext).set("completedAt", performance.now());\n',
    breaks: ["replays deterministically", "terminates"],
  },
  {
    name: "values copied by a schema",
    file: services,
    find: '  .unknown()\n  .refine((value) => value !== undefined, "value is missing")',
    replace: '  .json("value is missing")',
    breaks: ["single value", "linearizable", "no invented outcome"],
    note: "a value with a member __proto__",
  },
  {
    name: "any text taken for an awakeable",
    file: services,
    find: "restate.serde.schema(AwakeableId)",
    replace: "restate.serde.schema(z.string())",
    breaks: ["bad input is refused"],
  },
  {
    name: "cancelled and disposed waits answered as a rejection",
    file: services,
    find: "return awakeable.promise;",
    replace:
      "return awakeable.promise.map((outcome, failure) => (failure ? { error: failure.message } : (outcome as Outcome)));",
    breaks: ["no invented outcome", "single value", "linearizable"],
  },
  {
    name: "idempotency key made from the promise alone",
    file: clients,
    find: "(key = crypto.randomUUID() as string) =>",
    replace: '(_?: string, key = "completion") =>',
    breaks: ["linearizable"],
    note: "the promise is completed, disposed of, and completed again",
  },
  {
    name: "idempotency key of the caller alone",
    file: clients,
    find: "encodeURIComponent(id)",
    replace: '"promise"',
    breaks: ["linearizable", "single value", "no invented outcome"],
    note: "a caller uses its key for two promises",
  },
  {
    name: "idempotency key of the caller not passed on",
    file: clients,
    find: "(key = crypto.randomUUID() as string) =>",
    replace: "(_?: string, key = crypto.randomUUID()) =>",
    breaks: ["linearizable"],
    note: "a completion is asked for again, after the promise was disposed of",
  },
  {
    name: "null taken for pending",
    file: front,
    find: "value === undefined ? null : { value }",
    replace: "value ? { value } : null",
    breaks: ["answers have their shape", "linearizable", "single value"],
  },
  {
    name: "empty message taken for none",
    file: clients,
    find: '  if ("error" in outcome) throw new PromiseRejected(outcome.error);\n  return outcome.value as T;',
    replace:
      '  if ("error" in outcome && outcome.error) throw new PromiseRejected(outcome.error);\n  return (outcome as { value: Json }).value as T;',
    breaks: ["answers have their shape", "linearizable", "single value"],
  },
  {
    name: "rejection fails those who wait as if the promise were gone",
    file: services,
    find: "  for (const listener of listeners) ctx.resolveAwakeable(listener, outcome);\n",
    replace: `  for (const listener of listeners)
    if ("error" in outcome)
      ctx.rejectAwakeable(listener, new restate.TerminalError(outcome.error, { errorCode: GONE }));
    else ctx.resolveAwakeable(listener, outcome);
`,
    breaks: ["waiters fail only by a dispose", "linearizable"],
  },
];
