/**
 * A runner with a PostgreSQL server that waits to be killed, for the test of what it leaves behind: `node owner.fixture.ts
 * [frozen]`. Prints its folder and the ids of the server's processes.
 */
import { Client } from "pg";
import { Processes } from "../processes.ts";
import { Postgres } from "./index.ts";

const processes = new Processes();
const postgres = await Postgres.start({ processes });
// one back end that waits, and one that is busy for long
for (const statement of ["select 1", "select count(*) from generate_series(1, 1000000000000)"]) {
  const client = new Client(postgres.url);
  client.on("error", () => {});
  await client.connect();
  client.query(statement).catch(() => {});
}
const { pids } = postgres;
if (process.argv[2] === "frozen") await postgres.freeze();
console.log(JSON.stringify({ folder: processes.folder, pids }));
setInterval(() => {}, 1000);
