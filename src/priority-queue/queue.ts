import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { AwakeableId } from "../shared/awakeable-id.ts";
import { queueLimit } from "../shared/configuration.ts";

/** The lower, the sooner. */
export const Priority = z.number().default(1);
const Item = z.object({ awakeable: AwakeableId, priority: Priority });
type Item = z.infer<typeof Item>;

/** One value, so that no invocation can end between two parts of it. */
type QueueState = { queue: Queue };
interface Queue {
  /** how many have been let in and have not given back their slot */
  inFlight: number;
  /** in the order in which they will be let in */
  waiting: Item[];
}
const EMPTY: Queue = { inFlight: 0, waiting: [] };

/**
 * A queue with a number of slots. Who wants one leaves an awakeable (`push`), which is resolved when a slot is his, and
 * gives it back when he is done. `inTurn` does all of that.
 */
export const queue = restate.object({
  name: "queue",
  handlers: {
    /** Gets in line: behind those of the same priority. */
    push: restate.handlers.object.exclusive(
      { input: restate.serde.schema(Item) },
      async (ctx: restate.ObjectContext<QueueState>, item: Item): Promise<void> => {
        const { inFlight, waiting } = await queueOf(ctx);
        letIn(ctx, { inFlight, waiting: [...waiting, item].toSorted((a, b) => a.priority - b.priority) });
      },
    ),

    /** Gives a slot back. */
    done: async (ctx: restate.ObjectContext<QueueState>): Promise<void> => giveBack(ctx, await queueOf(ctx)),

    /** Takes back a `push`, whatever has become of it: out of the line, or, where a slot was granted meanwhile, that slot. */
    drop: restate.handlers.object.exclusive(
      { input: restate.serde.schema(AwakeableId) },
      async (ctx: restate.ObjectContext<QueueState>, awakeable: string): Promise<void> => {
        const { inFlight, waiting } = await queueOf(ctx);
        const others = waiting.filter((item) => item.awakeable !== awakeable);
        if (others.length < waiting.length) letIn(ctx, { inFlight, waiting: others });
        else giveBack(ctx, { inFlight, waiting });
      },
    ),

    /** How many hold a slot, and how many wait for one. */
    stats: restate.handlers.object.shared(
      async (ctx: restate.ObjectSharedContext<QueueState>): Promise<{ inFlight: number; waiting: number }> => {
        const { inFlight, waiting } = await queueOf(ctx);
        return { inFlight, waiting: waiting.length };
      },
    ),
  },
});

const queueOf = async (ctx: restate.ObjectSharedContext<QueueState>): Promise<Queue> =>
  (await ctx.get("queue")) ?? EMPTY;

function giveBack(ctx: restate.ObjectContext<QueueState>, { inFlight, waiting }: Queue): void {
  // a slot too many would let in one more than the limit, for ever
  if (inFlight === 0) throw new restate.TerminalError("no slot is taken", { errorCode: 409 });
  letIn(ctx, { inFlight: inFlight - 1, waiting });
}

/** Lets in whom there is a slot for. */
function letIn(ctx: restate.ObjectContext<QueueState>, { inFlight, waiting }: Queue): void {
  const free = Math.max(0, queueLimit() - inFlight);
  const granted = waiting.slice(0, free);
  // counted before anybody is told: what is terminated in between leaves a slot unused, never one too many
  ctx.set("queue", { inFlight: inFlight + granted.length, waiting: waiting.slice(free) });
  for (const { awakeable } of granted) ctx.resolveAwakeable(awakeable);
}
