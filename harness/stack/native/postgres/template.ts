import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { projectRoot } from "../../bundle.ts";
import { type Programs, programPath } from "./programs.ts";
import { makeServerFolder, type ProcessHost, Server, spawnAsServer } from "./server.ts";

/** Who owns the data and may do everything. */
export const SUPERUSER = "postgres";
/** Whom the services connect as: limits to the number of connections do not hold for a superuser. */
export const SERVICE_USER = "service";

/** Changes with what is done to the template here. */
const EDITION = 1;

/** Copies the data of a fresh server to `to`, with their owner. They are made once, and kept in the folder `cache`. */
export async function copyTemplate(
  host: ProcessHost,
  programs: Programs,
  to: string,
  cache = path.join(projectRoot, ".cache", "postgresql"),
): Promise<void> {
  const name = `${programs.version}-${EDITION}-user${process.getuid?.() ?? 0}`;
  const template = path.join(cache, name);
  if (!existsSync(template)) await makeTemplate(host, programs, template);
  await copy(template, to);
}

/** Two runs may make it at once: it is moved to its place whole, and the first one stays. */
async function makeTemplate(host: ProcessHost, programs: Programs, template: string): Promise<void> {
  const folder = makeServerFolder(host, "template");
  const server = new Server(host, programs, folder);
  await initialise(host, programs, server.data);
  await server.start();
  const client = new Client({ ...server.socket, user: SUPERUSER, database: "postgres" });
  await client.connect();
  await client.query(`create role ${SERVICE_USER} login`);
  await client.end();
  await server.stop();

  const half = `${template}.${randomUUID()}`;
  mkdirSync(path.dirname(template), { recursive: true });
  try {
    await copy(server.data, half);
    renameSync(half, template);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(template)) throw error;
  }
  rmSync(folder, { recursive: true });
}

async function initialise(host: ProcessHost, programs: Programs, data: string): Promise<void> {
  const options = ["--no-locale", "--encoding=UTF8", "--no-sync", "--no-instructions", "--wal-segsize=1"];
  const access = ["--auth=trust", `--username=${SUPERUSER}`];
  const initdb = programPath(programs, "initdb");
  const running = await spawnAsServer(host, initdb, "initdb", ["-D", data, ...options, ...access]);
  const { how, output } = await running.ended;
  if (how !== "exit code 0") throw new Error(`PostgreSQL's data could not be made (initdb: ${how}): ${output}`);
}

/** Makes the folder `to`, if need be. A thousand small files: `cp` is several times as fast as Node, and keeps the owner. */
async function copy(from: string, to: string): Promise<void> {
  await promisify(execFile)("cp", ["-pR", `${from}/.`, to]);
}
