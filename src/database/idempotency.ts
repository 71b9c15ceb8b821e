import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { idempotencyKeyExpiry } from "../shared/configuration.ts";
import { addCredits, CreditUpdate } from "./users.ts";
import { write } from "./write.ts";

const Token = z.string("key must be text").min(1, "key must not be empty");

/** Updates that leave a token in the database, in the transaction that makes them: a token that is there says "done". */
export const idempotency = restate.service({
  name: "idempotency",
  handlers: {
    /** Adds credits once, as long as no attempt comes later than the token's expiry. */
    update: restate.handlers.handler(
      { input: restate.serde.schema(CreditUpdate) },
      async (ctx: restate.Context, { userId, addCredits: credits }: CreditUpdate): Promise<void> => {
        const token = ctx.rand.uuidv4();
        await write(ctx, "update", async (client) => {
          await client.query("begin isolation level serializable");
          const { rowCount } = await client.query(
            "insert into user_idempotency (id) values ($1) on conflict do nothing",
            [token],
          );
          if (rowCount === 1) await addCredits(client, userId, credits);
          await client.query("commit");
        });
        expireLater(ctx, token);
      },
    ),

    expireIdempotencyKey: restate.handlers.handler(
      { input: restate.serde.schema(Token) },
      async (ctx: restate.Context, key: string): Promise<void> => {
        await write(ctx, "expire", async (client) => {
          await client.query("delete from user_idempotency where id = $1", [key]);
        });
      },
    ),
  },
});

/** To be called after the update, so that a long outage before it does not use up the time. */
function expireLater(ctx: restate.Context, token: string): void {
  const expiry = restate.rpc.sendOpts<string>({ delay: idempotencyKeyExpiry() });
  ctx.serviceSendClient(idempotency).expireIdempotencyKey(token, expiry);
}
