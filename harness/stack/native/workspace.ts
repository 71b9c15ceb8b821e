import {
  accessSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const PREFIX = "stormproof-";
const OWNER = "owner";

/** Memory-backed where there is such a place: Restate's start and every restart are several times faster there. */
function parent(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

/** A fresh temporary folder that names its owner, so that a later run can tell whether it was left behind. */
export function makeWorkspace(): string {
  const folder = mkdtempSync(path.join(parent(), PREFIX));
  writeFileSync(path.join(folder, OWNER), JSON.stringify(identity(process.pid)));
  return folder;
}

/** Hands the folder to the process that outlives the runner by a moment: the reaper. */
export function handOver(folder: string, pid: number): void {
  writeFileSync(path.join(folder, OWNER), JSON.stringify(identity(pid)));
}

/** Removes the folders of owners that are no longer alive, and ends processes that still run in them. */
export function sweepWorkspaces(): void {
  for (const entry of readdirSync(parent())) {
    if (!entry.startsWith(PREFIX)) continue;
    const folder = path.join(parent(), entry);
    try {
      const owner = JSON.parse(readFileSync(path.join(folder, OWNER), "utf8")) as Identity;
      if (identity(owner.pid).born === owner.born && owner.born !== null) continue;
    } catch {
      continue; // just being made, or not ours to read
    }
    for (const pid of processesIn(folder)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // it ended by itself
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Identity {
  pid: number;
  /** start time in clock ticks since boot: a process id alone may have been reused */
  born: string | null;
}

function identity(pid: number): Identity {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return { pid, born: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]! };
  } catch {
    if (process.platform === "linux") return { pid, born: null };
    try {
      process.kill(pid, 0);
      return { pid, born: "alive" };
    } catch {
      return { pid, born: null };
    }
  }
}

/** Whether a process runs; one that has ended and was not yet collected does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/^\d+ \(.*\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Processes whose working directory is the folder: only ours are started there. */
export function processesIn(folder: string): number[] {
  let entries: string[];
  try {
    entries = readdirSync("/proc");
  } catch {
    return [];
  }
  return entries
    .filter((entry) => {
      if (!/^\d+$/.test(entry)) return false;
      try {
        return readlinkSync(`/proc/${entry}/cwd`) === folder;
      } catch {
        return false;
      }
    })
    .map(Number);
}
