import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface Entry {
  pid: number;
  parent: number;
  hasEnded: boolean;
}

/** The processes that descend from one, in whatever session or group they are; its children come before theirs. */
export function descendants(root: number): number[] {
  const all = snapshot().filter(({ hasEnded }) => !hasEnded);
  const found = [root];
  for (const id of found) found.push(...all.filter(({ parent }) => parent === id).map(({ pid }) => pid));
  return found.slice(1);
}

/** Those of the processes that still run; one that has ended and was not yet collected does not. */
export function running(pids: readonly number[]): number[] {
  if (pids.length === 0) return [];
  const alive = new Set(snapshot().flatMap(({ pid, hasEnded }) => (hasEnded ? [] : [pid])));
  return pids.filter((pid) => alive.has(pid));
}

function snapshot(): Entry[] {
  if (process.platform !== "linux") {
    const text = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" });
    return text.split("\n").flatMap((line) => {
      const [pid, parent, state] = line.trim().split(/ +/);
      return state === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), hasEnded: state.startsWith("Z") }];
    });
  }
  return readdirSync("/proc").flatMap((name) => {
    const match = /^\d+$/.test(name) ? /^\d+ \(.*\) ([A-Z]) (\d+) /s.exec(readStat(name)) : null;
    return match ? [{ pid: Number(name), parent: Number(match[2]), hasEnded: /[ZX]/.test(match[1] ?? "") }] : [];
  });
}

/** Empty for a process that has ended meanwhile. */
function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return "";
  }
}
