import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Ending, howEnded, lastLines, ManagedProcess } from "./managed-process.ts";
import type { ReaperCommand, ReaperEvent } from "./reaper.ts";
import { handOver, isAlive, makeWorkspace, processesIn, sweepWorkspaces } from "./workspace.ts";

/** How long the reaper may take to do what it is told, in milliseconds: one that takes longer is stopped, or stuck. */
const REAPER_MS = 10_000;
/** How long what was killed may take to end, in milliseconds. */
const DEATH_MS = 2_000;
const REAPER_LOG = "reaper.log";

/**
 * The runner's side of the reaper: starts processes, and owns the temporary folder of a stack. When the reaper dies
 * before its time, its processes are ended, and another takes its place.
 */
export class Processes {
  readonly folder: string;
  readonly #onReaperDeath: (ending: Ending) => void;
  readonly #reaperMs: number;
  readonly #running = new Map<number, ManagedProcess>();
  #reaper: ChildProcess;
  /** settles when there is a reaper at work */
  #ready: Promise<void> = Promise.resolve();
  #onExit: { command: string; args: string[] } | undefined;
  #closing = false;
  #last = 0;

  /**
   * @param onReaperDeath called when the reaper died by itself, all processes have ended, and another is at work
   * @param reaperMs how long the reaper may take to do what it is told, in milliseconds
   */
  constructor(onReaperDeath: (ending: Ending) => void = () => {}, reaperMs = REAPER_MS) {
    this.#onReaperDeath = onReaperDeath;
    this.#reaperMs = reaperMs;
    sweepWorkspaces();
    this.folder = makeWorkspace();
    this.#reaper = this.#startReaper();
  }

  /** Runs a command once the runner has died without closing. */
  onExit(command: string, args: string[]): void {
    this.#onExit = { command, args };
    this.#send({ do: "on-exit", command, args });
  }

  /**
   * Starts a process in the stack's folder. Its stderr goes to a log of its own there.
   * @param options.onLine called with each line that it prints; answers whether the line was meant for us, and is no output
   * @throws when it cannot be started
   */
  async spawn(
    command: string,
    args: string[],
    options: { env: Record<string, string>; name: string; onLine?: (line: string) => boolean },
  ): Promise<ManagedProcess> {
    await this.#ready;
    if (this.#closing) throw new Error(`${command} is not started: its stack is closed`);
    const id = ++this.#last;
    const log = path.join(this.folder, `${options.name}-${id}.log`);
    const running = new ManagedProcess(log, options.onLine ?? (() => false), (signal, done) => {
      this.#send({ do: "signal", id, signal });
      this.#expect(done);
    });
    this.#running.set(id, running);
    running.ended.then(() => this.#running.delete(id));
    this.#send({ do: "spawn", id, command, args, env: options.env, log });
    this.#expect(running.spawned);
    try {
      await running.spawned;
    } catch (error) {
      throw new Error(`${command}: ${(error as Error).message}`);
    }
    return running;
  }

  /** Ends every process and removes the folder. Idempotent. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#ready.catch(() => {});
    if (!isGone(this.#reaper)) {
      const ended = new Promise<void>((resolve) => this.#reaper.once("exit", () => resolve()));
      this.#send({ do: "forget on-exit" });
      if (this.#reaper.connected) this.#reaper.disconnect();
      this.#expect(ended);
      await ended;
      // one that was killed could not clear up
      await this.#ready.catch(() => {});
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #startReaper(): ChildProcess {
    const log = openSync(path.join(this.folder, REAPER_LOG), "a");
    const reaper = fork(fileURLToPath(new URL("reaper.ts", import.meta.url)), [this.folder], {
      detached: true,
      stdio: ["ignore", "ignore", log, "ipc"],
      execArgv: [],
      env: { PATH: process.env.PATH ?? "" },
    });
    closeSync(log);
    handOver(this.folder, reaper.pid!);
    let hasWorked = false;
    reaper.on("message", (event: ReaperEvent) => {
      hasWorked = true;
      this.#running.get(event.id)?.receive(event);
    });
    // what cannot be sent to it is not done, and that has a bound
    reaper.on("error", () => {});
    reaper.once("exit", (code, signal) => {
      this.#ready = this.#replace(howEnded(code, signal), hasWorked);
      // whoever wants a process hears of it
      this.#ready.catch(() => {});
    });
    return reaper;
  }

  /** Ends what a dead reaper has left running, and starts another, unless we are closing. */
  async #replace(how: string, hasWorked: boolean): Promise<void> {
    const expected = this.#closing;
    // nobody may take it for a folder that was left behind
    if (!expected) handOver(this.folder, process.pid);
    const orphans = [...this.#running.values()];
    // one that has ended in peace has ended its processes
    if (how !== "exit code 0")
      await endAll([...orphans.map(({ pid }) => pid).filter((pid) => pid > 0), ...processesIn(this.folder)]);
    for (const orphan of orphans) orphan.end("its reaper is gone", true);
    if (expected) return;
    const output = this.#reaperOutput();
    if (!hasWorked) throw new Error(`the reaper of the stack's processes ended at its start: ${how}\n${output}`.trim());
    this.#reaper = this.#startReaper();
    if (this.#onExit) this.#send({ do: "on-exit", ...this.#onExit });
    this.#onReaperDeath({ how, expected, output });
  }

  #reaperOutput(): string {
    try {
      return lastLines(readFileSync(path.join(this.folder, REAPER_LOG), "utf8"));
    } catch {
      return "";
    }
  }

  /** To a reaper that is gone nothing is sent: its end ends whatever waits for it. */
  #send(command: ReaperCommand): void {
    if (this.#reaper.connected) this.#reaper.send(command, () => {});
  }

  /** A reaper that does not do what it was told within its bound is killed: then another takes its place. */
  #expect(done: Promise<unknown>): void {
    const reaper = this.#reaper;
    const late = setTimeout(() => reaper.kill("SIGKILL"), this.#reaperMs);
    const stop = () => clearTimeout(late);
    done.then(stop, stop);
  }
}

const isGone = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** SIGKILL, and waits for the ends of all. */
async function endAll(pids: number[]): Promise<void> {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has ended by itself
    }
  }
  for (const deadline = performance.now() + DEATH_MS; pids.some(isAlive) && performance.now() < deadline; )
    await sleep(5);
}
