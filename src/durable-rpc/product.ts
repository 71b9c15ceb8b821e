import * as restate from "@restatedev/restate-sdk";

/** A product that can be reserved once; the first reservation keeps it. */
export const product = restate.object({
  name: "product",
  handlers: {
    /** True for the one call that takes the product. Ask with an idempotency key, to hear the same answer again. */
    reserve: async (ctx: restate.ObjectContext<ProductState>): Promise<boolean> => {
      if (await ctx.get("reserved")) return false;
      ctx.set("reserved", true);
      return true;
    },

    /** Whether the product is taken. */
    status: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext<ProductState>): Promise<boolean> => (await ctx.get("reserved")) ?? false,
    ),
  },
});

type ProductState = { reserved: boolean };
