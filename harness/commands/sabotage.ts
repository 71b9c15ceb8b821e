/**
 * Ruins runs on purpose, and looks at how they end.
 *
 *     npm run sabotage -- 50        fifty runs
 *
 * Each run storms one property on the real server for a few seconds. At a random time a random part of it is killed or
 * stopped: vitest, its worker, the reaper, Restate, or a service process. A run is well when it ends within a minute, leaves a
 * report, nothing that still runs, and says which part it was; and when the next run, which nobody disturbs, passes. Only
 * processes of the run itself are touched. Exits with 1 when a run is not well.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../stack/index.ts";
import { family, isAlive } from "../stack/native/testing.ts";

const BOUND_MS = 60_000;
/** The strike comes at the latest so long after all parts are there. */
const LATEST_MS = 5_000;
/** What a run left may take so long to clear itself up. */
const CLEAR_UP_MS = 5_000;

/** The parts of a run: what tells them by their command line, and the words that name them in what the run says. */
const PARTS = {
  vitest: { is: (line: string, pid: number, root: number) => pid === root && line !== "", named: /interrupted/ },
  worker: { is: (line: string) => /vitest\/dist\/workers/.test(line), named: /worker|interrupted/i },
  reaper: { is: (line: string) => line.includes("native/reaper.ts"), named: /reaper/ },
  "restate-server": { is: (line: string) => line.includes("/restate-server "), named: /restate-server/ },
  "service process": { is: (line: string) => line.includes("native/endpoint.ts"), named: /service process/ },
} as const;
type Part = keyof typeof PARTS;
const STRIKES = { killed: "SIGKILL", stopped: "SIGSTOP" } as const;

interface Result {
  part: string;
  strike: string;
  seconds: string;
  ended: string;
  report: string;
  named: string;
  left: string;
  next: string;
}

/** A run under way. */
class Run {
  readonly folder = mkdtempSync(path.join(tmpdir(), "sabotage-"));
  readonly #child;
  readonly ended: Promise<string>;
  /** every process that the run was seen to have */
  readonly seen = new Set<number>();
  #output = "";

  constructor() {
    const properties = readdirSync(path.join(projectRoot, "properties")).filter((file) =>
      file.endsWith(".property.ts"),
    );
    const file = pick(properties);
    const vitest = path.join(projectRoot, "node_modules", "vitest", "vitest.mjs");
    this.#child = spawn(process.execPath, [vitest, "run", `properties/${file}`], {
      cwd: projectRoot,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, STACK: "native", BUDGET: "8s", STORMPROOF_REPORTS: this.folder },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    this.ended = new Promise((resolve) =>
      this.#child.once("exit", (code, signal) => resolve(signal ?? `exit ${code}`)),
    );
  }

  /** Its processes of each kind, by now. */
  parts(): Partial<Record<Part, number[]>> {
    const root = this.#child.pid ?? 0;
    const found: Partial<Record<Part, number[]>> = {};
    for (const pid of family(root)) {
      this.seen.add(pid);
      const line = commandLine(pid);
      for (const [part, { is }] of Object.entries(PARTS) as [Part, (typeof PARTS)[Part]][])
        if (is(line, pid, root)) found[part] = [...(found[part] ?? []), pid];
    }
    return found;
  }

  /** What it says, on the terminal and in its report. */
  says(): string {
    return this.#output + (this.hasReport ? readFileSync(this.#report, "utf8") : "");
  }
  get #report(): string {
    return path.join(this.folder, "latest", "index.html");
  }
  get hasReport(): boolean {
    return existsSync(this.#report);
  }

  /** Ends what is left of it. @returns how many processes that were */
  async clear(): Promise<number> {
    for (const deadline = performance.now() + CLEAR_UP_MS; performance.now() < deadline; await sleep(50))
      if (![...this.seen].some(isAlive)) break;
    const left = [...this.seen].filter(isAlive);
    for (const pid of left) process.kill(pid, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
    return left.length;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it has ended meanwhile
  }
}

function pick<T>(from: readonly T[]): T {
  const picked = from[Math.floor(Math.random() * from.length)];
  if (picked === undefined) throw new Error("there is nothing to pick from");
  return picked;
}

async function endOf(run: Run): Promise<string> {
  const late = new AbortController();
  const bound = sleep(BOUND_MS, `not within ${BOUND_MS / 1000} s`, { signal: late.signal }).catch(() => "");
  const watching = setInterval(() => run.parts(), 200);
  const ended = await Promise.race([run.ended, bound]);
  clearInterval(watching);
  late.abort();
  return ended;
}

/** Waits until a service process runs: then all the other parts do. @throws when the run ends before that */
async function allThere(run: Run): Promise<void> {
  for (const deadline = performance.now() + BOUND_MS; !run.parts()["service process"]; await sleep(50))
    if (performance.now() > deadline) throw new Error(`the run does not start:\n${run.says()}`);
}

async function sabotage(): Promise<Result> {
  const run = new Run();
  let left = 0;
  try {
    await allThere(run);
    await sleep(Math.random() * LATEST_MS);
    const parts = run.parts();
    const part = pick(Object.keys(parts) as Part[]);
    const strike = pick(Object.keys(STRIKES) as (keyof typeof STRIKES)[]);
    process.kill(pick(parts[part] ?? []), STRIKES[strike]);
    const struck = performance.now();
    const ended = await endOf(run);
    const seconds = ((performance.now() - struck) / 1000).toFixed(1);
    await sleep(ended.startsWith("not") ? 0 : 1_000); // whoever writes the report of a dead run
    const [hasReport, named] = [run.hasReport, PARTS[part].named.test(run.says())];
    left = await run.clear();
    const next = await undisturbed();
    return {
      part,
      strike,
      seconds,
      ended,
      report: hasReport ? "yes" : "NO",
      named: named ? "yes" : "NO",
      left: left === 0 ? "nothing" : `${left} PROCESSES`,
      next,
    };
  } finally {
    await run.clear();
  }
}

/** How a run ends that nobody disturbs: a short one. */
async function undisturbed(): Promise<string> {
  const run = new Run();
  try {
    const ended = await endOf(run);
    // at this budget a run may have too little time to mean something; it must not fail, nor leave anything
    const failed = ended !== "exit 0" && !/vacuous|unknown/.test(run.says());
    return failed ? ended.toUpperCase() : "fine";
  } finally {
    await run.clear();
  }
}

const isWell = ({ ended, report, named, left, next }: Result): boolean =>
  !ended.startsWith("not") && report === "yes" && named === "yes" && left === "nothing" && next === "fine";

const times = Number(process.argv[2] ?? "50");
if (!Number.isInteger(times) || times < 1 || process.platform !== "linux") {
  console.error("usage: npm run sabotage -- <number of runs, at least 1>; it needs Linux, to tell processes apart");
  process.exit(2);
}
const results: Result[] = [];
for (let time = 1; time <= times; time++) {
  const result = await sabotage();
  results.push(result);
  console.log(
    `${time}/${times} ${result.part} ${result.strike}: ${isWell(result) ? "well" : `NOT WELL: ${JSON.stringify(result)}`}`,
  );
}
console.table(results);
const bad = results.filter((result) => !isWell(result));
console.log(`${results.length - bad.length} of ${results.length} sabotaged runs ended well`);
if (bad.length > 0) process.exitCode = 1;
