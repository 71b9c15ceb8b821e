/** Looks at the processes of this machine from outside, for the tests of what is left running. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "./workspace.ts";

export { isAlive };

/** The processes that work in a folder (or, once it was removed, did); none where the system does not say. */
export function processesIn(folder: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((entry) => {
      try {
        return /^\d+$/.test(entry) && readlinkSync(`/proc/${entry}/cwd`).replace(/ \(deleted\)$/, "") === folder;
      } catch {
        return false;
      }
    })
    .map(Number)
    .filter(isAlive);
}

/** A process and all that descend from it, those that have left its group too. */
export function family(root: number): number[] {
  const parents = parentsOfAll();
  const found = [root];
  for (const id of found) found.push(...parents.flatMap(({ pid, parent }) => (parent === id ? [pid] : [])));
  return found;
}

function parentsOfAll(): { pid: number; parent: number }[] {
  if (process.platform !== "linux") {
    const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
    return lines.map((line) => line.trim().split(/ +/).map(Number)).map(([pid = 0, parent = 0]) => ({ pid, parent }));
  }
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const [, parent] = / [A-Z] (\d+) /.exec(readFileSync(`/proc/${entry}/stat`, "utf8").replace(/^.*\)/, ""))!;
      return [{ pid: Number(entry), parent: Number(parent) }];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

/** Waits for something that comes by itself. @returns how many milliseconds it took @throws when it takes too long */
export async function soon(what: () => boolean, milliseconds = 1000): Promise<number> {
  const started = performance.now();
  while (!what()) {
    if (performance.now() - started > milliseconds) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await sleep(5);
  }
  return performance.now() - started;
}
