import { execFile, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ManagedProcess } from "../managed-process.ts";
import type { Processes } from "../processes.ts";
import { descendants, running } from "./process-tree.ts";
import { type Programs, programPath, serverUser } from "./programs.ts";
import type { SmallDisk } from "./small-disk.ts";

/** What this part needs of the stack's processes. */
export type ProcessHost = Pick<Processes, "folder" | "spawn">;

/**
 * Small and quick. Without fsync what was committed survives the death of every process, though not the machine's.
 * Nothing is shared by other means than memory maps and files in the data folder, so that nothing outlives a SIGKILL.
 * A back end whose client is gone ends within 100 ms, also in the midst of a long query.
 */
const TUNING: Readonly<Record<string, string>> = {
  fsync: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "64MB",
  min_wal_size: "8MB",
  shared_buffers: "16MB",
  io_method: "sync",
  dynamic_shared_memory_type: "mmap",
  max_prepared_transactions: "64",
  client_connection_check_interval: "100ms",
  listen_addresses: "",
  unix_socket_permissions: "0777",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
};

const START_MS = 30_000;
/** the number in the name of the socket; there is one server to a folder */
const SOCKET = 5432;

/** A PostgreSQL server on a data folder, reached by a Unix socket: its processes, and what can be done to them. */
export class Server {
  readonly #host: ProcessHost;
  readonly #programs: Programs;
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #disk: SmallDisk | undefined;
  #process: ManagedProcess | undefined;
  #frozen: { pids: number[]; letLive(): void } | undefined;

  /**
   * @param folder one that `makeServerFolder` made; the data are in `data` there
   * @param disk what is mounted over that, if anything
   */
  constructor(
    host: ProcessHost,
    programs: Programs,
    folder: string,
    settings: Readonly<Record<string, string>> = {},
    disk?: SmallDisk,
  ) {
    this.#host = host;
    this.#programs = programs;
    this.#folder = folder;
    this.#disk = disk;
    this.#settings = { ...TUNING, unix_socket_directories: folder, ...settings };
  }

  /** Where this process finds the data. */
  get data(): string {
    return this.#disk?.outside ?? this.#ownData;
  }
  /** Where the server finds them. */
  get #ownData(): string {
    return path.join(this.#folder, "data");
  }

  /** Where a client in this process connects, past every proxy. */
  get socket(): { host: string; port: number } {
    return { host: this.#folder, port: SOCKET };
  }
  get socketFile(): string {
    return path.join(this.#folder, `.s.PGSQL.${SOCKET}`);
  }
  get isRunning(): boolean {
    return this.#process?.alive ?? false;
  }
  /** The processes of the server that run now. */
  get pids(): number[] {
    return this.#process?.alive ? [this.#process.pid, ...descendants(this.#process.pid)] : [];
  }

  /** Starts it on its data; settles when it serves. @throws when it does not serve within 30 seconds */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error("PostgreSQL runs already");
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const started = await spawnAsServer(
      this.#host,
      programPath(this.#programs, "postgres"),
      path.basename(this.#folder),
      ["-D", this.#ownData, ...settings],
      this.#disk?.command,
    );
    this.#process = started;
    for (const deadline = performance.now() + START_MS; this.#readyFor(started.pid) === false; await sleep(2)) {
      const isLate = performance.now() > deadline;
      if (started.alive && !isLate) continue;
      await this.kill();
      const { how, output } = await started.ended;
      const what = isLate ? `did not serve within ${START_MS / 1000} seconds` : `ended at its start (${how})`;
      throw new Error(`PostgreSQL ${what}: ${output}`);
    }
    await this.#letMemoryGo();
  }

  /** SIGKILL to all its processes; settles when none is left. */
  async kill(): Promise<void> {
    const leader = this.#process;
    // those that were frozen outlive a leader that ended by itself
    const others = [...(this.#frozen?.pids ?? [])];
    if (leader?.alive) {
      // a frozen leader starts no more processes while they are counted
      await leader.signal("SIGSTOP");
      others.push(...descendants(leader.pid));
    }
    for (const pid of others) send(pid, "SIGKILL");
    await leader?.kill();
    while (running(others).length > 0) await sleep(2);
    this.#frozen?.letLive();
    this.#frozen = undefined;
  }

  /** SIGSTOP to all its processes. */
  async freeze(): Promise<void> {
    const leader = this.#process;
    if (!leader?.alive) throw new Error("PostgreSQL does not run, so it cannot be frozen");
    if (this.#frozen) return;
    await leader.signal("SIGSTOP");
    const pids = descendants(leader.pid);
    this.#frozen = { pids, letLive: endWithThisProcess(pids) };
    for (const pid of pids) send(pid, "SIGSTOP");
  }

  /** Lets a frozen server go on; nothing where it is not frozen. */
  async thaw(): Promise<void> {
    if (!this.#frozen) return;
    const { pids, letLive } = this.#frozen;
    this.#frozen = undefined;
    letLive();
    for (const pid of pids) send(pid, "SIGCONT");
    await this.#process?.signal("SIGCONT");
  }

  /** Shuts it down in good order. */
  async stop(): Promise<void> {
    await this.#process?.signal("SIGINT");
    await this.#process?.ended;
  }

  /** Whether the server says in its lock file that it is ready; the file may still be that of a dead predecessor. */
  #readyFor(pid: number): boolean {
    const [owner, , , , , , , status] = this.#lockFile();
    return Number(owner) === pid && status?.trim() === "ready";
  }

  #lockFile(): string[] {
    try {
      return readFileSync(path.join(this.data, "postmaster.pid"), "utf8").split("\n");
    } catch {
      return [];
    }
  }

  /**
   * A server that is killed would leave its small segment of System V memory behind for ever: marked as removed, it goes
   * with the last process that uses it.
   */
  async #letMemoryGo(): Promise<void> {
    const id = this.#lockFile()[6]?.trim().split(/ +/)[1];
    if (id === undefined) return;
    await new Promise<void>((resolve) => {
      execFile("ipcrm", ["-m", id], () => resolve());
    });
  }
}

/** Makes a folder in the stack's, for the server's user. */
export function makeServerFolder(host: ProcessHost, name: string): string {
  const folder = path.join(host.folder, name);
  mkdirSync(folder, { mode: 0o711 });
  if (serverUser) {
    chownSync(folder, serverUser.uid, serverUser.gid);
    // the server passes through the stack's folder, and cannot list it
    chmodSync(host.folder, 0o711);
  }
  return folder;
}

/** Starts a program as the user that PostgreSQL agrees to run as; `before` is a command that starts it. */
export function spawnAsServer(
  host: ProcessHost,
  program: string,
  name: string,
  args: readonly string[],
  before: readonly string[] = [],
): Promise<ManagedProcess> {
  const options = { env: { PATH: process.env.PATH ?? "", LC_ALL: "C" }, name };
  if (!serverUser) return host.spawn(program, [...args], options);
  const script = fileURLToPath(new URL("as-user.ts", import.meta.url));
  const user = [String(serverUser.uid), String(serverUser.gid)];
  const flags = ["--disable-warning=ExperimentalWarning"];
  const [first = process.execPath, ...more] = [
    ...before,
    process.execPath,
    ...flags,
    script,
    ...user,
    program,
    ...args,
  ];
  return host.spawn(first, more, options);
}

/** A process may have ended by itself. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/**
 * Frozen processes outlive their leader, and nobody else knows them: a shell waits for the end of this process and ends
 * them then. @returns what dismisses it
 */
function endWithThisProcess(pids: readonly number[]): () => void {
  const script = 'read -r word; [ "$word" = live ] || kill -KILL "$@"';
  const shell = spawn("sh", ["-c", script, "sh", ...pids.map(String)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  return () => void shell.stdin.end("live\n");
}
