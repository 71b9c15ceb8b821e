import { randomUUID } from "node:crypto";
import { DatabaseError, type PoolClient } from "pg";
import { addCredits } from "./users.ts";

/** A transaction that PostgreSQL will carry out when it is told to, by whomever. */
export interface Prepared {
  /** its name; it begins with the name of the update that it is for */
  id: string;
  /** PostgreSQL's own number of it, by which its fate can be asked for */
  transaction: string;
}

/** SQLSTATE of a prepared transaction that is not there, or not any more. */
const UNDEFINED_OBJECT = "42704";

/**
 * Prepares the addition of credits, under an id that was never used. What earlier attempts at the same update have prepared is
 * rolled back first: nobody knows of it, and it holds the row.
 */
export async function prepare(client: PoolClient, update: string, userId: string, credits: number): Promise<Prepared> {
  await rollBackAll(client, update);
  await client.query("begin");
  await addCredits(client, userId, credits);
  const { rows } = await client.query<{ transaction: string }>("select pg_current_xact_id()::text as transaction");
  const id = `${update}/${randomUUID()}`;
  await client.query(`prepare transaction ${client.escapeLiteral(id)}`);
  return { id, transaction: rows[0]?.transaction ?? "" };
}

/**
 * Commits it. That it is not there means that it has ended already, and PostgreSQL knows how: an earlier attempt may have committed
 * it, and one that was frozen may have taken it for its own left-over and rolled it back.
 * @returns whether it is committed
 */
export async function commit(client: PoolClient, { id, transaction }: Prepared): Promise<boolean> {
  try {
    await client.query(`commit prepared ${client.escapeLiteral(id)}`);
    return true;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  const { rows } = await client.query<{ status: string | null }>("select pg_xact_status($1::xid8) as status", [
    transaction,
  ]);
  const status = rows[0]?.status;
  if (status === "committed") return true;
  if (status === "aborted") return false;
  throw new Error(`the prepared transaction ${id} is gone, and its status is ${status}`);
}

/** Rolls back every prepared transaction of an update. */
export async function rollBackAll(client: PoolClient, update: string): Promise<void> {
  const { rows } = await client.query<{ gid: string }>(
    "select gid from pg_prepared_xacts where database = current_database() and starts_with(gid, $1)",
    [`${update}/`],
  );
  for (const { gid } of rows) {
    await client.query(`rollback prepared ${client.escapeLiteral(gid)}`).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
  }
}

const isGone = (error: unknown): boolean => error instanceof DatabaseError && error.code === UNDEFINED_OBJECT;
