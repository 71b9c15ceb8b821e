import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { Client, type QueryResultRow } from "pg";
import { TcpProxy } from "../tcp-proxy.ts";
import { installedPrograms, reachablePrograms } from "./programs.ts";
import { makeServerFolder, type ProcessHost, Server } from "./server.ts";
import { type MessageHook, Session } from "./session.ts";
import { SmallDisk } from "./small-disk.ts";
import { copyTemplate, SERVICE_USER, SUPERUSER } from "./template.ts";

export interface PostgresOptions {
  /** the stack's processes: they own the server, and end it when this process dies */
  processes: ProcessHost;
  /** the name of its folder beneath the stack's ("postgres") */
  folder?: string;
  /** how many connections the server has room for (100) */
  maxConnections?: number;
  /** the size of a disk of its own, in bytes, which can be filled; see `canFillDisk` */
  diskBytes?: number;
}

const ANSWER_MS = 10_000;

/**
 * A PostgreSQL server of its own, with fresh data, behind a proxy that reads the protocol and keeps its port. The
 * server can be killed, restarted with its data, and frozen; the network before it can be cut, stopped, and stepped
 * through message by message.
 */
export class Postgres {
  readonly #folder: string;
  readonly #server: Server;
  readonly #proxy: TcpProxy;
  readonly #disk: SmallDisk | undefined;
  #hook: MessageHook = () => undefined;
  #databases = 0;
  #url = "";

  private constructor(folder: string, server: Server, disk: SmallDisk | undefined) {
    this.#folder = folder;
    this.#disk = disk;
    this.#server = server;
    this.#proxy = new TcpProxy(
      () => ({ path: server.socketFile }),
      (connection) => Session.relays(connection, (message) => this.#hook(message)),
    );
  }

  /** Starts it with one empty database. @throws when its programs are missing or do not start */
  static async start(options: PostgresOptions): Promise<Postgres> {
    const { processes, folder = "postgres", maxConnections = 100, diskBytes } = options;
    const place = makeServerFolder(processes, folder);
    const programs = reachablePrograms(installedPrograms(), place);
    const disk = diskBytes === undefined ? undefined : await smallDisk(processes, place, diskBytes);
    const server = new Server(processes, programs, place, { max_connections: String(maxConnections) }, disk);
    const postgres = new Postgres(place, server, disk);
    try {
      await copyTemplate(processes, programs, server.data);
      await Promise.all([server.start(), postgres.#proxy.listen()]);
      postgres.#url = await postgres.createDatabase();
      return postgres;
    } catch (error) {
      await postgres.close();
      throw error;
    }
  }

  /** The address of the database that it was started with, for services: through the proxy, as an ordinary user. */
  get url(): string {
    return this.#url;
  }
  /** The processes of the server that run now. */
  get pids(): number[] {
    return this.#server.pids;
  }

  /**
   * Makes another empty database, and fills it with the statements of `schema`.
   * @returns its address, for services
   */
  async createDatabase(schema = ""): Promise<string> {
    const name = `storm${++this.#databases}`;
    await this.query(`create database ${name} owner ${SERVICE_USER}`, [], SUPERUSER);
    const url = `postgresql://${SERVICE_USER}@127.0.0.1:${this.#proxy.port}/${name}`;
    if (schema !== "") await this.query(`set role ${SERVICE_USER}; ${schema}`, [], name);
    return url;
  }

  /**
   * Rows of a query that the harness asks for itself, past the proxy and as a superuser.
   * @param database the name of a database, or the address of one as `createDatabase` gives it
   * @throws when the server is down, or is frozen for ten seconds
   */
  async query<Row extends QueryResultRow>(
    statement: string,
    values: readonly unknown[] = [],
    database = this.#url,
  ): Promise<Row[]> {
    const client = new Client({
      ...this.#server.socket,
      user: SUPERUSER,
      database: database.slice(database.lastIndexOf("/") + 1),
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      const { rows } = await client.query<Row>(statement, values.length > 0 ? [...values] : undefined);
      return rows;
    } finally {
      // one that is not answered must not wait for the end of its session
      void client.end().catch(() => {});
    }
  }

  /** The ids of prepared transactions that were neither committed nor rolled back, in all databases. */
  async preparedTransactions(): Promise<string[]> {
    const rows = await this.query<{ gid: string }>("select gid from pg_prepared_xacts order by gid");
    return rows.map(({ gid }) => gid);
  }

  /** SIGKILL to all processes of the server. Clients find their connections broken, and nobody listening. */
  kill(): Promise<void> {
    return this.#server.kill();
  }
  /** Starts it again with its data and at its address. @throws when it runs */
  restart(): Promise<void> {
    return this.#server.start();
  }
  /** SIGSTOP to all processes of the server: what is sent to it waits. @throws when it does not run */
  freeze(): Promise<void> {
    return this.#server.freeze();
  }
  thaw(): Promise<void> {
    return this.#server.thaw();
  }

  /** Breaks every connection of the services. */
  cut(): void {
    this.#proxy.cut();
  }
  /** Nothing passes between services and server any more, and nothing ends, until `restoreNetwork`. */
  blackHole(): void {
    this.#proxy.blackHole();
  }
  restoreNetwork(): void {
    this.#proxy.restore();
  }
  /** Asks `hook` about every message from now on; there is one hook at a time. */
  onMessage(hook: MessageHook): void {
    this.#hook = hook;
  }

  /**
   * From now on the services find too many connections (SQLSTATE 53300) beyond this many; those that are open stay.
   * `undefined` ends it.
   */
  async limitConnections(most: number | undefined): Promise<void> {
    await this.query(`alter role ${SERVICE_USER} connection limit ${most ?? -1}`);
  }

  /** Whether its disk can be filled: it was started with a small one, and this machine allows that (root, on Linux). */
  get canFillDisk(): boolean {
    return this.#disk !== undefined;
  }
  /**
   * Takes all the space of its disk: statements that need more are refused (SQLSTATE 53100), and the server may end.
   * @throws when it cannot
   */
  fillDisk(): void {
    if (!this.#disk) throw new Error("PostgreSQL has no disk of its own: start it with diskBytes, as root, on Linux");
    this.#disk.fill();
  }
  /** Gives the space back, and starts the server again if it has ended. */
  async freeDisk(): Promise<void> {
    this.#disk?.free();
    if (!this.#server.isRunning) await this.restart();
  }

  /** Ends everything, and removes the data. Idempotent. */
  async close(): Promise<void> {
    await this.#server.kill();
    await this.#disk?.close();
    await this.#proxy.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function smallDisk(host: ProcessHost, place: string, bytes: number): Promise<SmallDisk | undefined> {
  const data = path.join(place, "data");
  mkdirSync(data);
  const disk = await SmallDisk.mount(host, data, bytes);
  // the server's user is to make it for itself
  if (!disk) rmSync(data, { recursive: true });
  return disk;
}
