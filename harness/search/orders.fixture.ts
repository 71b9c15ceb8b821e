/** Services that say which input they take: one refuses all other input, one takes it all the same. */
import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";

const Order = restate.serde.schema(
  z.object({ item: z.string().min(1), count: z.int().positive().max(100), note: z.string().optional() }),
);

const strict = restate.object({
  name: "strict",
  handlers: {
    order: restate.handlers.object.exclusive({ input: Order }, async () => "ordered"),
    cancel: async () => "cancelled",
  },
});
const lax = restate.service({
  name: "lax",
  handlers: {
    order: restate.handlers.handler(
      {
        input: {
          contentType: "application/json",
          ...(Order.jsonSchema && { jsonSchema: Order.jsonSchema }),
          serialize: (value: unknown) => restate.serde.json.serialize(value),
          deserialize: (data: Uint8Array): unknown => restate.serde.json.deserialize(data),
        },
      },
      async () => "ordered",
    ),
  },
});

export const catalog = { strict: { services: [strict] }, lax: { services: [lax] } };
