import * as restate from "@restatedev/restate-sdk";
import { externalRetries } from "../shared/configuration.ts";
import { commit, prepare } from "./prepared.ts";
import { registerSweep } from "./sweeper.ts";
import { CreditUpdate } from "./users.ts";
import { write } from "./write.ts";

/** Updates in two phases: what is prepared is noted durably, and what was noted is committed, once. */
export const twoPhaseCommit = restate.service({
  name: "twoPhaseCommit",
  handlers: {
    /** Adds credits once. */
    update: restate.handlers.handler(
      { input: restate.serde.schema(CreditUpdate) },
      async (ctx: restate.Context, { userId, addCredits }: CreditUpdate): Promise<void> => {
        const update = ctx.rand.uuidv4();
        const sweep = { update, invocationId: ctx.request().id };
        // whatever happens from here on, somebody clears up
        await ctx.run("register the sweep", () => registerSweep(sweep), externalRetries());
        for (;;) {
          const prepared = await write(ctx, "prepare", (client) => prepare(client, update, userId, addCredits));
          const isCommitted = await write(ctx, "commit", (client) => commit(client, prepared));
          if (isCommitted) return;
        }
      },
    ),
  },
});
