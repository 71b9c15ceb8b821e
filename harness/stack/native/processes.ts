import { type ChildProcess, fork } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Notice, Order } from "./keeper.ts";
import { handOver, makeWorkspace, sweepWorkspaces } from "./workspace.ts";

/** A process that the keeper runs for us. */
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

/** The runner's side of the keeper: starts processes, and owns the temporary folder of a stack. */
export class Processes {
  readonly folder: string;
  readonly #keeper: ChildProcess;
  readonly #entries = new Map<number, Entry>();
  #last = 0;

  constructor() {
    sweepWorkspaces();
    this.folder = makeWorkspace();
    this.#keeper = fork(fileURLToPath(new URL("keeper.ts", import.meta.url)), [this.folder], {
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      execArgv: [],
      env: { PATH: process.env.PATH ?? "" },
    });
    handOver(this.folder, this.#keeper.pid!);
    this.#keeper.on("message", (notice: Notice) => this.#heed(notice));
    this.#keeper.once("exit", () => {
      for (const { onEnded } of this.#entries.values()) onEnded("its keeper is gone");
      this.#entries.clear();
    });
  }

  /** Runs a command once the runner has died without closing. */
  bequeath(command: string, args: string[]): void {
    this.#tell({ do: "testament", command, args });
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
    this.#tell({ do: "spawn", id, command, args, env: options.env, log: path.join(this.folder, options.log) });
    const pid = await spawned.promise;
    const send = async (signal: NodeJS.Signals): Promise<void> => {
      if (!entry.alive) return;
      this.#tell({ do: "signal", id, signal });
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
    // a keeper that was killed could not clear up
    if (this.#keeper.exitCode !== null || this.#keeper.signalCode !== null) return sweepWorkspaces();
    const ended = new Promise((resolve) => this.#keeper.once("exit", resolve));
    if (this.#keeper.connected) this.#tell({ do: "forget testament" });
    if (this.#keeper.connected) this.#keeper.disconnect();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  #tell(order: Order): void {
    if (!this.#keeper.connected) throw new Error("the keeper of the stack's processes is gone");
    this.#keeper.send(order);
  }

  #heed(notice: Notice): void {
    const entry = this.#entries.get(notice.id);
    if (!entry) return;
    if (notice.told === "spawned") entry.onSpawned(notice.pid);
    else if (notice.told === "line") entry.onLine(notice.line);
    else if (notice.told === "signalled") entry.onSignalled.shift()?.();
    else {
      this.#entries.delete(notice.id);
      entry.onEnded(notice.signal ?? `exit code ${notice.code}`);
    }
  }
}
