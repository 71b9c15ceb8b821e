import type { Context } from "@restatedev/restate-sdk";
import type { PoolClient } from "pg";
import { externalRetries } from "../shared/configuration.ts";
import { untilSettled } from "../shared/until-settled.ts";
import { onConnection } from "./connections.ts";

/**
 * A step that changes the database, tried again until the database has answered. A cancellation does not end the wait for
 * it: the change could still be made after the caller was told that the invocation was cancelled, and for a keyed object
 * after the next invocation has begun.
 */
export function write<T>(ctx: Context, name: string, action: (client: PoolClient) => Promise<T>): Promise<T> {
  return untilSettled(ctx.run(name, () => onConnection(action), externalRetries()));
}
