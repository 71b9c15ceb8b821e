import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import { z } from "zod";
import { ingressUrl, longestFreeze, sweepInterval } from "../shared/configuration.ts";
import { untilSettled } from "../shared/until-settled.ts";
import { rollBackAll } from "./prepared.ts";
import { write } from "./write.ts";

const Sweep = z.object({
  /** the name of an update: what its prepared transactions begin with */
  update: z.uuid("update must be a UUID"),
  /** the invocation that makes it */
  invocationId: z.string("invocationId must be text").startsWith("inv_", "invocationId must begin with inv_"),
});
type Sweep = z.infer<typeof Sweep>;

/** Rolls back the prepared transactions that an update leaves behind, which would hold their rows for ever. */
export const twoPhaseSweeper = restate.service({
  name: "twoPhaseSweeper",
  handlers: {
    /**
     * Waits until the update has ended, however it did, and rolls back what is left: again and again, until no attempt can
     * still be frozen that might prepare one more.
     */
    sweep: restate.handlers.handler(
      { input: restate.serde.schema(Sweep) },
      async (ctx: restate.Context, { update, invocationId }: Sweep): Promise<void> => {
        // settings may change while it sleeps, and what it does must not
        const { interval, times } = await untilSettled(ctx.run("plan", planOfSweeps));
        await ended(ctx, invocationId);
        for (let time = 0; time <= times; time++) {
          if (time > 0) await untilSettled(ctx.sleep(interval));
          await write(ctx, "roll back", (client) => rollBackAll(client, update));
        }
      },
    ),
  },
});

/**
 * Has an update swept. It goes by Restate's ingress: whoever terminates an invocation takes along all that it has called or
 * sent from its context, and then most of all this is needed.
 */
export async function registerSweep(sweep: Sweep): Promise<void> {
  const ingress = clients.connect({ url: ingressUrl() });
  const once = clients.rpc.sendOpts<Sweep>({ idempotencyKey: sweep.update });
  await ingress.serviceSendClient(twoPhaseSweeper).sweep(sweep, once);
}

function planOfSweeps(): { interval: number; times: number } {
  const interval = Math.max(1, sweepInterval());
  return { interval, times: Math.ceil(longestFreeze() / interval) + 1 };
}

/** Waits for the end of an invocation; one that Restate does not know any more has ended. */
async function ended(ctx: restate.Context, invocationId: string): Promise<void> {
  const id = restate.InvocationIdParser.fromString(invocationId);
  try {
    await untilSettled(ctx.invocation(id).attach(restate.serde.binary));
  } catch (error) {
    if (!(error instanceof restate.TerminalError)) throw error;
  }
}
