import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { batchReceiver as receivers } from "../external/batch-receiver.ts";
import { endOnRefusal } from "../external/end-on-refusal.ts";
import { externalRetries } from "../shared/configuration.ts";
import { Id } from "../shared/id.ts";
import { Item } from "./item.ts";

const Delivery = z.object({ receiver: Id, batch: Id, items: z.array(Item).min(1) });
export type Delivery = z.infer<typeof Delivery>;

/** Hands a batch to its receiver, as often as it takes until it has arrived, once. */
export const batchReceiver = restate.service({
  name: "batchReceiver",
  handlers: {
    receive: restate.handlers.handler(
      { input: restate.serde.schema(Delivery) },
      async (ctx: restate.Context, { receiver, batch, items }: Delivery): Promise<void> => {
        // the id is the key there as well, so that a batch that is sent again is recognised
        const deliver = () => receivers.receive(receiver, items, { key: batch }).catch(endOnRefusal);
        await ctx.run("deliver", deliver, externalRetries());
      },
    ),
  },
});
