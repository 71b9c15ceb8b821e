import { type ChildProcess, fork } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ReaperCommand, ReaperEvent } from "./reaper.ts";
import { handOver, makeWorkspace, sweepWorkspaces } from "./workspace.ts";

/** A process that the reaper runs for us. */
export interface ManagedProcess {
  readonly pid: number;
  readonly alive: boolean;
  /** settles when it has ended, with a word on how */
  readonly ended: Promise<string>;
  /** settles when it has been sent, or when there is nobody any more to send it to */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** SIGKILL, and waits for its end */
  kill(): Promise<void>;
}

interface Entry {
  alive: boolean;
  onLine(line: string): void;
  onSpawned(pid: number): void;
  /** one for each signal that is on its way, in their order */
  onSignalled: (() => void)[];
  onEnded(how: string): void;
}

/** The runner's side of the reaper: starts processes, and owns the temporary folder of a stack. */
export class Processes {
  readonly folder: string;
  readonly #reaper: ChildProcess;
  readonly #entries = new Map<number, Entry>();
  #last = 0;

  constructor() {
    sweepWorkspaces();
    this.folder = makeWorkspace();
    this.#reaper = fork(fileURLToPath(new URL("reaper.ts", import.meta.url)), [this.folder], {
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      execArgv: [],
      env: { PATH: process.env.PATH ?? "" },
    });
    handOver(this.folder, this.#reaper.pid!);
    this.#reaper.on("message", (event: ReaperEvent) => this.#receive(event));
    this.#reaper.once("exit", () => {
      for (const { onEnded } of this.#entries.values()) onEnded("its reaper is gone");
      this.#entries.clear();
    });
  }

  /** Runs a command once the runner has died without closing. */
  onExit(command: string, args: string[]): void {
    this.#send({ do: "on-exit", command, args });
  }

  /**
   * Starts a process in the stack's folder. Its stderr goes to `<folder>/<log>`.
   * @throws when it cannot be started
   */
  async spawn(
    command: string,
    args: string[],
    options: { env: Record<string, string>; log: string; onLine?: (line: string) => void },
  ): Promise<ManagedProcess> {
    const id = ++this.#last;
    const spawned = Promise.withResolvers<number>();
    const ended = Promise.withResolvers<string>();
    const entry: Entry = {
      alive: true,
      onLine: options.onLine ?? (() => {}),
      onSpawned: spawned.resolve,
      onSignalled: [],
      onEnded: (how) => {
        entry.alive = false;
        for (const resolve of entry.onSignalled) resolve();
        ended.resolve(how);
        spawned.reject(new Error(`${command} did not start: ${how}`));
      },
    };
    this.#entries.set(id, entry);
    this.#send({ do: "spawn", id, command, args, env: options.env, log: path.join(this.folder, options.log) });
    const pid = await spawned.promise;
    const send = async (signal: NodeJS.Signals): Promise<void> => {
      if (!entry.alive) return;
      this.#send({ do: "signal", id, signal });
      await new Promise<void>((resolve) => entry.onSignalled.push(resolve));
    };
    return {
      pid,
      get alive() {
        return entry.alive;
      },
      ended: ended.promise,
      signal: send,
      kill: async () => {
        if (!entry.alive) return;
        await send("SIGKILL");
        await ended.promise;
      },
    };
  }

  /** The last lines of a log but for stack traces, for an error's message. */
  tail(log: string): string {
    const lines = readFileSync(path.join(this.folder, log), "utf8").split("\n");
    return lines
      .filter((line) => !/^\s*(at .*|Node\.js v.*)?$/.test(line))
      .slice(-5)
      .join("\n");
  }

  /** Ends every process and removes the folder. Idempotent. */
  async close(): Promise<void> {
    // a reaper that was killed could not clear up
    if (this.#reaper.exitCode !== null || this.#reaper.signalCode !== null) return sweepWorkspaces();
    const ended = new Promise((resolve) => this.#reaper.once("exit", resolve));
    if (this.#reaper.connected) this.#send({ do: "forget on-exit" });
    if (this.#reaper.connected) this.#reaper.disconnect();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  #send(command: ReaperCommand): void {
    if (!this.#reaper.connected) throw new Error("the reaper of the stack's processes is gone");
    this.#reaper.send(command);
  }

  #receive(event: ReaperEvent): void {
    const entry = this.#entries.get(event.id);
    if (!entry) return;
    if (event.type === "spawned") entry.onSpawned(event.pid);
    else if (event.type === "line") entry.onLine(event.line);
    else if (event.type === "signalled") entry.onSignalled.shift()?.();
    else {
      this.#entries.delete(event.id);
      entry.onEnded(event.signal ?? `exit code ${event.code}`);
    }
  }
}
