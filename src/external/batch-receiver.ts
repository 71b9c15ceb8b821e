import { z } from "zod";
import { encodeId } from "./encode-id.ts";
import { request, type Tag } from "./http.ts";

const Received = z.object({ batch: z.string(), received: z.number() });

export const batchReceiver = {
  /** Hands a batch over, whose id is the key. */
  receive: (receiver: string, items: readonly unknown[], { key }: Pick<Tag, "key">) =>
    request(
      {
        system: "batch-receiver",
        action: "receive",
        method: "PUT",
        path: `/receivers/${encodeId(receiver)}/batches/${encodeId(key)}`,
        json: { items },
      },
      Received,
    ),
};
