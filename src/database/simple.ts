import * as restate from "@restatedev/restate-sdk";
import type { z } from "zod";
import { endOnRefusal } from "../external/end-on-refusal.ts";
import { mail } from "../external/mail.ts";
import { externalRetries } from "../shared/configuration.ts";
import { onConnection } from "./connections.ts";
import { NewUser, Renaming, readUser, type User, UserId, unknownUser } from "./users.ts";
import { write } from "./write.ts";

/** Plain reads and writes, which need no more care than that they may be made again. */
export const simple = restate.service({
  name: "simple",
  handlers: {
    /** The row as it is now. */
    read: restate.handlers.handler(
      { input: restate.serde.schema(UserId) },
      (_: restate.Context, userId: string): Promise<User> => onConnection((client) => readUser(client, userId)),
    ),

    /** The row as it was at the first reading: what follows from it holds for every attempt. */
    durableRead: restate.handlers.handler(
      { input: restate.serde.schema(UserId) },
      async (ctx: restate.Context, userId: string): Promise<User> => {
        const read = () => onConnection((client) => readUser(client, userId));
        const user = await ctx.run("read", read, externalRetries());
        if (user.credits === 0) {
          const alert = { to: user.address, subject: "no credits", text: `The user ${userId} has no credits left.` };
          const tag = { key: ctx.rand.uuidv4(), reference: userId };
          await ctx.run("alert", () => mail.send(alert, tag).catch(endOnRefusal), externalRetries());
        }
        return user;
      },
    ),

    /** After it there is a user of this id. The first insert counts, and what another one says is ignored. */
    insert: restate.handlers.handler(
      { input: restate.serde.schema(NewUser) },
      async (ctx: restate.Context, { userId, name, address, credits }: z.infer<typeof NewUser>): Promise<void> => {
        await write(ctx, "insert", async (client) => {
          await client.query(
            "insert into users (userid, name, address, credits) values ($1, $2, $3, $4) on conflict do nothing",
            [userId, name, address, credits],
          );
        });
      },
    ),

    /** Names a user anew. To do it twice is as good as once. */
    update: restate.handlers.handler(
      { input: restate.serde.schema(Renaming) },
      async (ctx: restate.Context, { userId, newName }: z.infer<typeof Renaming>): Promise<void> => {
        await write(ctx, "update", async (client) => {
          const { rowCount } = await client.query(
            "update users set name = $2, version = version + 1 where userid = $1",
            [userId, newName],
          );
          if (rowCount === 0) throw unknownUser(userId);
        });
      },
    ),
  },
});
