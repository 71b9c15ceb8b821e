import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { Processes } from "../processes.ts";
import { installedPrograms, reachablePrograms } from "./programs.ts";
import { makeServerFolder, Server } from "./server.ts";
import { copyTemplate } from "./template.ts";

const cache = mkdtempSync(path.join(tmpdir(), "templates-"));
const opened: Processes[] = [];
afterAll(async () => {
  for (const processes of opened) await processes.close();
  rmSync(cache, { recursive: true });
});

test("two runs that make the template at once leave one, and a server starts on either's copy", async () => {
  const start = async (): Promise<Server> => {
    const processes = new Processes();
    opened.push(processes);
    const folder = makeServerFolder(processes, "postgres");
    const programs = reachablePrograms(installedPrograms(), folder);
    const server = new Server(processes, programs, folder);
    await copyTemplate(processes, programs, server.data, cache);
    await server.start();
    return server;
  };
  const servers = await Promise.all([start(), start()]);
  expect(readdirSync(cache)).toHaveLength(1);
  for (const server of servers) await server.kill();
});
