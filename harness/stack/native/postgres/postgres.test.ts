import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { Processes } from "../processes.ts";
import { soon } from "../testing.ts";
import { cutAround, Postgres, type PostgresMessage } from "./index.ts";
import { running } from "./process-tree.ts";

let processes: Processes;
let postgres: Postgres;
let database: string;
const clients: Client[] = [];

beforeAll(async () => {
  processes = new Processes();
  postgres = await Postgres.start({ processes });
});
afterEach(async () => {
  postgres.onMessage(() => undefined);
  await Promise.allSettled(clients.splice(0).map((client) => client.end()));
});
afterAll(async () => {
  await postgres?.close();
  await processes?.close();
});

/** A session with a fresh table of accounts, or with the one of the session before. */
async function connect(isFresh = true): Promise<Client> {
  if (isFresh) database = await postgres.createDatabase("create table accounts (id text primary key, cents int)");
  const client = new Client({ connectionString: database, application_name: "tests" });
  client.on("error", () => {});
  await client.connect();
  clients.push(client);
  return client;
}
const add = (client: Client, id: string) => client.query("insert into accounts values ($1, $2)", [id, 5]);
const ids = async (): Promise<string[]> => {
  const rows = await postgres.query<{ id: string }>("select id from accounts order by id", [], database);
  return rows.map(({ id }) => id);
};
async function prepare(client: Client, id: string): Promise<void> {
  await client.query("begin");
  await add(client, id);
  await client.query(`prepare transaction '${id}'`);
}

test("what was committed or prepared survives the death of all processes", async () => {
  const client = await connect();
  await add(client, "a");
  await prepare(client, "p");
  await client.query("begin");
  await add(client, "open");
  const before = postgres.pids;
  const broken = once(client, "error");
  await postgres.kill();
  await broken;
  expect(running(before)).toEqual([]);
  await expect(connect(false)).rejects.toThrow(/ECONNRESET|terminated/);
  await postgres.restart();
  expect(await ids()).toEqual(["a"]);
  expect(await postgres.preparedTransactions()).toEqual(["p"]);
  await (await connect(false)).query("commit prepared 'p'");
  expect([await ids(), await postgres.preparedTransactions()]).toEqual([["a", "p"], []]);
});

test("two hundred rows, written while it is killed three times: what was acknowledged is there", async () => {
  await connect();
  const acknowledged: string[] = [];
  let next = 0;
  const write = async (): Promise<void> => {
    while (acknowledged.length < 200 && next < 5_000) {
      const id = String(next++).padStart(5, "0");
      await connect(false)
        .then((client) => add(client, id))
        .then(
          () => acknowledged.push(id),
          () => {},
        );
      await clients.pop()?.end();
    }
  };
  const writing = write();
  for (const count of [50, 100, 150]) {
    await soon(() => acknowledged.length >= count, 20_000);
    await postgres.kill();
    await postgres.restart();
  }
  await writing;
  expect(acknowledged).toHaveLength(200);
  expect(await ids()).toEqual(expect.arrayContaining(acknowledged));
});

test("a frozen server answers nothing, and goes on where it was when it is thawed", async () => {
  const client = await connect();
  await postgres.freeze();
  await postgres.freeze();
  let isAnswered = false;
  const added = add(client, "a").then(() => {
    isAnswered = true;
  });
  const newcomer = connect(false);
  // it would be answered at once
  await sleep(100);
  expect(isAnswered).toBe(false);
  await postgres.thaw();
  await added;
  await newcomer;
  await postgres.thaw();
  expect(await ids()).toEqual(["a"]);
});

test("a frozen server can be killed", async () => {
  await connect();
  await postgres.freeze();
  const { pids } = postgres;
  await postgres.kill();
  expect(running(pids)).toEqual([]);
  await postgres.restart();
  await add(await connect(false), "a");
});

test.each([
  ["before", [], "a simple statement", (client: Client) => client.query("commit")],
  ["after", ["a"], "a simple statement", (client: Client) => client.query("commit")],
  ["before", [], "one with a name", (client: Client) => client.query({ name: "c", text: "commit", values: [] })],
  ["after", ["a"], "one with a name", (client: Client) => client.query({ name: "c", text: "commit", values: [] })],
] as const)("a connection cut %s the commit leaves %j (%s)", async (when, left, _, commit) => {
  const client = await connect();
  await client.query("begin");
  await add(client, "a");
  postgres.onMessage(cutAround(when, ({ statement }) => statement === "commit"));
  await expect(commit(client)).rejects.toThrow(/ECONNRESET|terminated/);
  expect(await ids()).toEqual(left);
  // it happens once
  await add(await connect(false), "b");
});

test.each([
  ["before", ["p"], []],
  ["after", [], ["p"]],
] as const)("a connection cut %s COMMIT PREPARED leaves %j prepared and %j committed", async (when, prepared, rows) => {
  const client = await connect();
  await prepare(client, "p");
  postgres.onMessage(cutAround(when, ({ statement }) => /^commit prepared/.test(statement ?? "")));
  await expect(client.query("commit prepared 'p'")).rejects.toThrow(/ECONNRESET|terminated/);
  expect([await postgres.preparedTransactions(), await ids()]).toEqual([prepared, rows]);
  if (prepared.length > 0) await (await connect(false)).query("rollback prepared 'p'");
});

test("the hook sees statements with their values, and their answers; and it can hold them", async () => {
  const client = await connect();
  const seen: Partial<PostgresMessage>[] = [];
  const held = Promise.withResolvers<undefined>();
  postgres.onMessage(({ connection: _, ...message }) => {
    seen.push(message);
    return message.name === "Execute" ? held.promise : undefined;
  });
  let isAnswered = false;
  const added = add(client, "a").then(() => {
    isAnswered = true;
  });
  await soon(() => seen.some(({ name }) => name === "Execute"));
  expect([await ids(), isAnswered]).toEqual([[], false]);
  held.resolve(undefined);
  await added;
  const about = { application: "tests", statement: "insert into accounts values ($1, $2)" };
  const values = ["a", "5"];
  expect(seen).toContainEqual({ ...about, direction: "to-server", name: "Parse" });
  expect(seen).toContainEqual({ ...about, direction: "to-server", name: "Bind", values });
  expect(seen).toContainEqual({ ...about, direction: "to-client", name: "CommandComplete", values, tag: "INSERT 0 1" });
  expect(seen.at(-1)?.name).toBe("ReadyForQuery");
});

test("an encrypted session is declined, so that the proxy can read along", async () => {
  const client = new Client({ connectionString: postgres.url, ssl: true });
  clients.push(client);
  await expect(client.connect()).rejects.toThrow("does not support SSL");
});

test("cut, a session is broken, and its open transaction is rolled back", async () => {
  const client = await connect();
  await client.query("begin");
  await add(client, "a");
  const broken = once(client, "error");
  postgres.cut();
  await broken;
  await add(await connect(false), "a");
  expect(await ids()).toEqual(["a"]);
});

test("through a black hole nothing passes, and afterwards everything does", async () => {
  const client = await connect();
  postgres.blackHole();
  let isAnswered = false;
  const added = add(client, "a").then(() => {
    isAnswered = true;
  });
  expect(await ids()).toEqual([]);
  expect(isAnswered).toBe(false);
  postgres.restoreNetwork();
  await added;
  expect(await ids()).toEqual(["a"]);
});

test("with too many connections, who is connected stays, and a newcomer is told why not", async () => {
  const client = await connect();
  await postgres.limitConnections(1);
  const refused: unknown = await connect(false).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "53300" });
  await add(client, "a");
  await postgres.limitConnections(undefined);
  await add(await connect(false), "b");
});

test("with a full disk it takes no more, and when there is space again it has lost nothing", async () => {
  const small = await Postgres.start({ processes, folder: "small", diskBytes: 64 * 1024 * 1024 });
  try {
    if (!small.canFillDisk) return expect(() => small.fillDisk()).toThrow("as root, on Linux");
    const client = new Client(small.url);
    client.on("error", () => {});
    clients.push(client);
    await client.connect();
    await client.query("create table t (n int, filler text)");
    const fill = "insert into t select $1, repeat(md5(random()::text), 4000) from generate_series(1, 20)";
    await client.query(fill, [0]);
    small.fillDisk();
    let refused = 0;
    for (let n = 1; n <= 50 && refused === 0; n++) await client.query(fill, [n]).catch(() => refused++);
    expect(refused).toBe(1);
    await small.freeDisk();
    const rows = await small.query<{ n: number; count: string }>("select n, count(*) from t group by n order by n");
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(({ n, count }) => [n, Number(count)])).toEqual(rows.map((_, index) => [index, 20]));
    await small.kill();
    await small.restart();
    expect(await small.query("select n from t group by n")).toHaveLength(rows.length);
  } finally {
    await small.close();
  }
});

test("databases are apart", async () => {
  await add(await connect(), "a");
  const [first, second] = [database, await connect().then(() => database)];
  expect(first).not.toBe(second);
  expect(await ids()).toEqual([]);
});

test("closing leaves no process, no folder and no memory, twice", async () => {
  const one = await Postgres.start({ processes, folder: "another" });
  const { pids } = one;
  expect(pids.length).toBeGreaterThan(1);
  await one.close();
  await one.close();
  expect(running(pids)).toEqual([]);
  expect(existsSync(path.join(processes.folder, "another"))).toBe(false);
});

const Said = z.object({ folder: z.string(), pids: z.array(z.number()) });

test.each(["busy", "frozen"])("a runner that is killed leaves nothing of a %s server", async (how) => {
  const script = path.join(import.meta.dirname, "owner.fixture.ts");
  const runner = spawn(process.execPath, [script, how], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = await once(createInterface(runner.stdout), "line");
    const { folder, pids } = Said.parse(JSON.parse(String(line)));
    // the leader, its helpers, and the two back ends; of the helpers, some come and go
    expect(running(pids).length).toBeGreaterThan(3);
    runner.kill("SIGKILL");
    await soon(() => running(pids).length === 0 && !existsSync(folder), 5_000);
  } finally {
    runner.kill("SIGKILL");
  }
});
