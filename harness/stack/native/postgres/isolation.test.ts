/** What a real PostgreSQL does under each of its isolation levels, as the checker of transactions sees it. */
import { Client, DatabaseError } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runSync, seeded } from "../../../check/index.ts";
import {
  type AnomalyName,
  type Level,
  type MicroOperation,
  type Transaction,
  TransactionCheck,
} from "../../../check/transactions/index.ts";
import { Processes } from "../processes.ts";
import { Postgres } from "./index.ts";

const CLIENTS = 6;
const TRANSACTIONS = 200;
const KEYS = 4;
/** PostgreSQL gives a transaction up that it cannot put in an order with others. */
const GIVEN_UP = ["40001", "40P01"];
const READ = "select elements from lists where key = $1";
const APPEND =
  "insert into lists values ($1, array[$2::int]) on conflict (key) do update set elements = lists.elements || $2::int";

let processes: Processes;
let postgres: Postgres;
beforeAll(async () => {
  processes = new Processes();
  postgres = await Postgres.start({ processes });
});
afterAll(async () => {
  await postgres?.close();
  await processes?.close();
});

/** Runs random transactions of several clients side by side. */
async function storm(isolation: string): Promise<Transaction[]> {
  const database = await postgres.createDatabase("create table lists (key text primary key, elements int[])");
  const random = seeded(7);
  const history: Transaction[] = [];
  let [places, value] = [0, 0];
  const draw = (): MicroOperation => {
    const key = `k${random(KEYS)}`;
    return random(2) === 0 ? { f: "append", key, value: ++value } : { f: "read", key, value: undefined };
  };
  const perform = async (client: Client, one: MicroOperation): Promise<MicroOperation> => {
    if (one.f === "append") {
      await client.query(APPEND, [one.key, one.value]);
      return one;
    }
    const { rows } = await client.query<{ elements: number[] }>(READ, [one.key]);
    return { ...one, value: rows[0]?.elements ?? [] };
  };
  const run = async (client: Client, process: number): Promise<void> => {
    const [name, invoke] = [`transaction ${history.length + 1}`, places++];
    let operations = Array.from({ length: 1 + random(4) }, draw);
    const at = history.push({ name, process, outcome: "info", operations, invoke, completion: undefined }) - 1;
    let outcome: Transaction["outcome"] = "ok";
    try {
      await client.query(`begin isolation level ${isolation}`);
      for (const [place, one] of operations.entries()) operations = operations.with(place, await perform(client, one));
      await client.query("commit");
    } catch (error) {
      if (!(error instanceof DatabaseError) || !GIVEN_UP.includes(error.code ?? "")) throw error;
      outcome = "fail";
      await client.query("rollback");
    }
    history[at] = { name, process, outcome, operations, invoke, completion: places++ };
  };
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, process) => {
      const client = new Client({ connectionString: database });
      await client.connect();
      while (history.length < TRANSACTIONS) await run(client, process);
      await client.end();
    }),
  );
  return history;
}

async function anomalies(isolation: string, level: Level): Promise<{ verdict: string; names: Set<AnomalyName> }> {
  const { verdict, anomalies: found } = runSync(new TransactionCheck(await storm(isolation), { level }));
  return { verdict: verdict.verdict, names: new Set(found.map(({ name }) => name)) };
}

test("SERIALIZABLE has no anomaly", async () => {
  expect(await anomalies("serializable", "serializable")).toEqual({ verdict: "valid", names: new Set() });
});

test("REPEATABLE READ is snapshot isolation: it has write skew, and no read skew", async () => {
  const { verdict, names } = await anomalies("repeatable read", "serializable");
  expect(verdict).toBe("invalid");
  expect([...names]).toEqual(["G2-item"]);
});

test("READ COMMITTED has read skew, and nothing that it forbids", async () => {
  const { verdict, names } = await anomalies("read committed", "serializable");
  expect(verdict).toBe("invalid");
  expect(names).toContain("G-single");
  expect((await anomalies("read committed", "read-committed")).verdict).toBe("valid");
});
