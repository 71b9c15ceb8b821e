import * as restate from "@restatedev/restate-sdk";
import { onConnection } from "./connections.ts";
import { addCredits, Credits, readUser, type User, userIdOf } from "./users.ts";
import { write } from "./write.ts";

const input = restate.serde.schema(Credits("credits"));

/** The user that is the key. The object makes sure that its own updates of a row come one after the other. */
export const keyed = restate.object({
  name: "keyed",
  handlers: {
    /** Adds credits at least once: when the service dies between the commit and its note of it, they are added again. */
    update: restate.handlers.object.exclusive(
      { input },
      async (ctx: restate.ObjectContext, credits: number): Promise<void> => {
        const userId = userIdOf(ctx.key);
        await write(ctx, "update", (client) => addCredits(client, userId, credits));
      },
    ),

    /**
     * Adds credits once, if nothing but this object writes the row: a version other than the one that was read means
     * then that an earlier attempt of this update changed it.
     */
    updateConditional: restate.handlers.object.exclusive(
      { input },
      async (ctx: restate.ObjectContext, credits: number): Promise<void> => {
        const userId = userIdOf(ctx.key);
        const { version } = await write(ctx, "read the version", (client) => readUser(client, userId));
        await write(ctx, "update", async (client) => {
          await client.query(
            "update users set credits = credits + $2, version = version + 1 where userid = $1 and version = $3",
            [userId, credits, version],
          );
        });
      },
    ),

    /** The row as it is now. */
    read: restate.handlers.object.shared((ctx: restate.ObjectSharedContext): Promise<User> => {
      const userId = userIdOf(ctx.key);
      return onConnection((client) => readUser(client, userId));
    }),
  },
});
