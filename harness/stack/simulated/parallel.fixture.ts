/** A service whose steps run side by side, for the tests of exactness. */
import * as restate from "@restatedev/restate-sdk";

const STEPS = ["a", "b", "c"];

/** Starts three steps at once. Each adds its name to `order` when it is executed. */
const steps = (ctx: restate.Context, order: string[]): restate.RestatePromise<string>[] =>
  STEPS.map((name) =>
    ctx.run(name, () => {
      order.push(name);
      return name;
    }),
  );

const parallel = restate.service({
  name: "parallel",
  handlers: {
    /** the order in which its steps were executed */
    all: async (ctx: restate.Context) => {
      const order: string[] = [];
      await restate.RestatePromise.all(steps(ctx, order));
      return order.join("");
    },
    /** the step that was first */
    race: async (ctx: restate.Context) => restate.RestatePromise.race(steps(ctx, [])),
    any: async (ctx: restate.Context) => restate.RestatePromise.any(steps(ctx, [])),
  },
});

export const catalog = { parallel: { services: [parallel] } };
