/** The smallest services that show what a stack does to them: a counter that tells an external system, and their process. */
import * as restate from "@restatedev/restate-sdk";

const boot = crypto.randomUUID();

async function tell(key: string, amount: number): Promise<void> {
  const answer = await fetch(`${process.env.LISTENER_URL}/told`, {
    method: "POST",
    body: JSON.stringify({ key, amount }),
  });
  if (!answer.ok) throw new Error(`the listener answered ${answer.status}`);
}

const counter = restate.object({
  name: "counter",
  handlers: {
    add: async (ctx: restate.ObjectContext<{ total: number }>, amount: number): Promise<number> => {
      const total = ((await ctx.get("total")) ?? 0) + amount;
      await ctx.run("tell", () => tell(ctx.key, amount));
      ctx.set("total", total);
      return total;
    },
    /** As above, and it says beforehand, with 0, that it is about to tell. */
    announce: async (ctx: restate.ObjectContext<{ total: number }>, amount: number): Promise<number> => {
      const total = ((await ctx.get("total")) ?? 0) + amount;
      await ctx.run("tell", async () => {
        await tell(ctx.key, 0);
        await tell(ctx.key, amount);
      });
      ctx.set("total", total);
      return total;
    },
  },
});
/** Which process serves; and its end. */
const whoami = restate.service({
  name: "whoami",
  handlers: {
    boot: async () => boot,
    exit: async (_: restate.Context, code: number): Promise<void> => {
      console.log("about to exit");
      console.error("the last line");
      process.exit(code);
    },
  },
});

const app = async (request: Request): Promise<Response> => {
  const answer = await fetch(`${process.env.INGRESS_URL}/whoami/boot`, { method: "POST" });
  return Response.json({ path: new URL(request.url).pathname, body: await request.text(), boot: await answer.json() });
};

export const catalog = { tiny: { services: [counter, whoami], app } };
