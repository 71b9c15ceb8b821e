/** Prepares the database at DATABASE_URL for the services: `node src/database/set-up.ts`. */
import { endPool, onConnection } from "./connections.ts";
import { schema } from "./schema.ts";

if (import.meta.main) {
  await onConnection((client) => client.query(schema));
  await endPool();
}
