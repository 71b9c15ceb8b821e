import { TerminalError } from "@restatedev/restate-sdk";
import { DatabaseError, Pool, type PoolClient } from "pg";
import { databaseConnections, databaseTimeout, databaseUrl } from "../shared/configuration.ts";

let pool: Pool | undefined;

/** Made at the first use, since nothing is to happen at import. */
function connections(): Pool {
  if (pool) return pool;
  const timeout = databaseTimeout();
  pool = new Pool({
    connectionString: databaseUrl(),
    application_name: "stormproof",
    max: databaseConnections(),
    connectionTimeoutMillis: timeout,
    statement_timeout: timeout,
    // a process that is frozen in the midst of a transaction must not keep others from its rows for long
    idle_in_transaction_session_timeout: timeout,
    // the server is the first to give up, so that this side sees why
    query_timeout: timeout * 1.5,
    allowExitOnIdle: true,
  });
  // an idle connection that breaks is replaced at the next use
  pool.on("error", () => {});
  return pool;
}

/**
 * Lends a connection to `action`. When that fails, the connection is closed, and with it goes the transaction that was
 * open on it: no failed attempt holds a lock.
 * Throws a `TerminalError` (400) for values that PostgreSQL cannot store. Any other error may pass.
 */
export async function onConnection<T>(action: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await connections().connect();
  // while it is lent, the pool does not listen; the query that is under way fails as well
  const ignore = (): void => {};
  client.on("error", ignore);
  let isSound = false;
  try {
    const result = await action(client);
    isSound = true;
    return result;
  } catch (error) {
    if (error instanceof DatabaseError && error.code?.startsWith(DATA_EXCEPTION)) {
      throw new TerminalError(`the database cannot store this: ${error.message}`, { errorCode: 400 });
    }
    throw error;
  } finally {
    client.off("error", ignore);
    client.release(!isSound);
  }
}

/** The class of errors that come from the values of a statement, such as a number that is too large. */
const DATA_EXCEPTION = "22";

/** Closes the connections; the next use opens new ones. */
export async function endPool(): Promise<void> {
  const ending = pool;
  pool = undefined;
  await ending?.end();
}
