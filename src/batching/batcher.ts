import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { batchSize, batchTime } from "../shared/configuration.ts";
import { Id } from "../shared/id.ts";
import { batchReceiver, type Delivery } from "./batch-receiver.ts";
import { Item, type Json } from "./item.ts";

const Expiry = z.object({ batch: Id });

/**
 * Gathers items for a receiver, whose id is the key, and hands them over in batches: as soon as a batch is full (BATCH_SIZE), or
 * when BATCH_TIME has passed since its first item, whichever comes first. An item that was accepted is in one batch; items of a
 * batch are in the order in which they came, and different batches may arrive in any order.
 *
 * - `receive(item)`, any JSON: answers when the item is accepted, and waits for no batch. Give it an idempotency key, so that an
 *   item that is sent again is the same item
 * - `expire({batch})`: the time of a batch has come; the batcher calls it itself, and a batch that has gone does not go again
 */
export const batcher = restate.object({
  name: "batcher",
  handlers: {
    receive: restate.handlers.object.exclusive(
      { input: restate.serde.schema(Item) },
      async (ctx: restate.ObjectContext<BatcherState>, item: Json): Promise<void> => {
        const open = await ctx.get("batch");
        // from here on nothing is awaited: whoever is cancelled has done all of it, or nothing
        const batch = { id: open?.id ?? ctx.rand.uuidv4(), items: [...(open?.items ?? []), item] };
        if (batch.items.length >= batchSize()) return handOver(ctx, batch);
        ctx.set("batch", batch);
        if (open) return;
        const later = restate.rpc.sendOpts<z.infer<typeof Expiry>>({ delay: batchTime() });
        ctx.objectSendClient(batcher, ctx.key).expire({ batch: batch.id }, later);
      },
    ),

    expire: restate.handlers.object.exclusive(
      { input: restate.serde.schema(Expiry) },
      async (ctx: restate.ObjectContext<BatcherState>, expiry: z.infer<typeof Expiry>): Promise<void> => {
        const open = await ctx.get("batch");
        // one that became full has gone, and another may have begun
        if (open?.id === expiry.batch) handOver(ctx, open);
      },
    ),
  },
});

type Batch = { id: string; items: Json[] };
type BatcherState = { batch: Batch };

/** The batch is on its way: nobody waits for the receiver, and the next item begins another. */
function handOver(ctx: restate.ObjectContext<BatcherState>, { id, items }: Batch): void {
  ctx.clear("batch");
  // by this key the invocation is known to be the receiver's
  const key = restate.rpc.sendOpts<Delivery>({ idempotencyKey: `${ctx.key}/${id}` });
  ctx.serviceSendClient(batchReceiver).receive({ receiver: ctx.key, batch: id, items }, key);
}
