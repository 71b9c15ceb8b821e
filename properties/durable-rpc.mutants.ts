import type { Mutant } from "../harness/stack/index.ts";

const product = "src/durable-rpc/product.ts";
const front = "src/durable-rpc/front.ts";

export const mutants: Mutant[] = [
  {
    name: "idempotency key dropped",
    file: front,
    find: ".reserve(clients.rpc.opts({ idempotencyKey: spell(reservationId) })),",
    replace: ".reserve(),",
    breaks: ["one answer per reservation", "idempotent", "linearizable"],
    note: "the winner asks again and hears false",
  },
  {
    name: "idempotency key made from the product",
    file: front,
    find: "idempotencyKey: spell(reservationId) }",
    replace: "idempotencyKey: spell(productId) }",
    breaks: ["at most one winner", "linearizable"],
    note: "the second reservation is taken for a repetition of the first",
  },
  {
    name: "front asks for the status first",
    file: front,
    find: "    const reserved = await answerOf(",
    replace:
      '    if (await answerOf(ingress.objectClient<typeof product>({ name: "product" }, productId).status())) return c.json(false);\n    const reserved = await answerOf(',
    breaks: ["one answer per reservation", "idempotent", "linearizable"],
    note: "an optimisation that hides the remembered answer from the winner",
  },
  {
    name: "lost answer taken for a no",
    file: front,
    find: `    const ingress = clients.connect({ url: ingressUrl(), retry: true });
    const reserved = await answerOf(
      ingress
        .objectClient<typeof product>({ name: "product" }, keyInPath(productId))
        .reserve(clients.rpc.opts({ idempotencyKey: spell(reservationId) })),
    );
`,
    replace: `    const ingress = clients.connect({ url: ingressUrl() });
    const reserved = await answerOf(
      ingress
        .objectClient<typeof product>({ name: "product" }, keyInPath(productId))
        .reserve(clients.rpc.opts({ idempotencyKey: spell(reservationId) })),
    ).catch((error: Error) => {
      if (error.name === "NoAnswer") return false;
      throw error;
    });
`,
    breaks: ["one answer per reservation", "idempotent", "exactly one completed true", "linearizable"],
    note: "the connection to Restate breaks while the call is under way",
  },
  {
    name: "last write wins",
    file: product,
    find: '      if (await ctx.get("reserved")) return false;\n',
    replace: "",
    breaks: ["at most one winner", "exactly one completed true", "linearizable"],
  },
  {
    name: "taken products remembered in memory",
    file: product,
    find: `    reserve: async (ctx: restate.ObjectContext<ProductState>): Promise<boolean> => {
      if (await ctx.get("reserved")) return false;
      ctx.set("reserved", true);
      return true;
    },`,
    replace: `    reserve: ((taken = new Set<string>()) => async (ctx: restate.ObjectContext<ProductState>): Promise<boolean> => {
      if (taken.has(ctx.key)) return false;
      taken.add(ctx.key);
      ctx.set("reserved", true);
      return true;
    })(),`,
    breaks: [
      "at most one winner",
      "exactly one completed true",
      "replays deterministically",
      "terminates",
      "linearizable",
    ],
    note: "an attempt is repeated in the same process, or the next call comes to a new one",
  },
  {
    name: "status read from a cache in memory",
    file: product,
    find: 'async (ctx: restate.ObjectSharedContext<ProductState>): Promise<boolean> => (await ctx.get("reserved")) ?? false,',
    replace: `((cache = new Map<string, boolean>()) =>
        async (ctx: restate.ObjectSharedContext<ProductState>): Promise<boolean> => {
          const reserved = cache.get(ctx.key) ?? (await ctx.get("reserved")) ?? false;
          cache.set(ctx.key, reserved);
          return reserved;
        })(),`,
    breaks: ["linearizable", "status tells the truth"],
    note: "asked before and after the reservation",
  },
  {
    name: "random receipt in the state",
    file: product,
    find: '      ctx.set("reserved", true);\n',
    replace:
      '      (ctx as unknown as restate.ObjectContext).set("receipt", crypto.randomUUID());\n      ctx.set("reserved", true);\n',
    breaks: ["replays deterministically", "terminates"],
    note: "an attempt ends after the receipt was written, and the next one writes another",
  },
  {
    name: "taken product answered with an error that is retried",
    file: product,
    find: "return false;\n",
    replace: 'throw new Error("the product is already reserved");\n',
    breaks: ["terminates"],
  },
  {
    name: "reservation gone with the process",
    file: product,
    find: `    reserve: async (ctx: restate.ObjectContext<ProductState>): Promise<boolean> => {
      if (await ctx.get("reserved")) return false;
      ctx.set("reserved", true);
      return true;
    },

    /** Whether the product is taken. */
    status: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext<ProductState>): Promise<boolean> => (await ctx.get("reserved")) ?? false,
    ),`,
    replace: `    ...((taken = new Set<string>()) => ({
      reserve: async (ctx: restate.ObjectContext<ProductState>): Promise<boolean> => {
        if (taken.has(ctx.key)) return false;
        taken.add(ctx.key);
        return true;
      },
      status: restate.handlers.object.shared(
        async (ctx: restate.ObjectSharedContext<ProductState>): Promise<boolean> => taken.has(ctx.key),
      ),
    }))(),`,
    breaks: ["status tells the truth", "at most one winner", "exactly one completed true", "linearizable"],
    note: "the process is killed after an acked true",
  },
];
