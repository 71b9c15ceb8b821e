/** An object that keeps what it is told, in its order. */
import * as restate from "@restatedev/restate-sdk";

const list = restate.object({
  name: "list",
  handlers: {
    add: async (ctx: restate.ObjectContext<{ items: number[] }>, item: number): Promise<void> => {
      ctx.set("items", [...((await ctx.get("items")) ?? []), item]);
    },
    items: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext<{ items: number[] }>): Promise<number[]> =>
        (await ctx.get("items")) ?? [],
    ),
  },
});

export const catalog = { feed: { services: [list] } };
