/**
 * The reaper: the parent of every process of a native stack. It lives in a process group of its own and ends them all
 * when its channel to the runner closes, whatever ended the runner (the idea of testcontainers' Ryuk).
 *
 * Messages from the runner: see `ReaperCommand`. Messages to it: see `ReaperEvent`.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";

export type ReaperCommand =
  | { do: "spawn"; id: number; command: string; args: string[]; env: Record<string, string>; log: string }
  | { do: "signal"; id: number; signal: NodeJS.Signals }
  /** a command to run once when the runner has died, after all processes have ended */
  | { do: "on-exit"; command: string; args: string[] }
  | { do: "forget on-exit" };
export type ReaperEvent =
  | { type: "spawned"; id: number; pid: number }
  | { type: "line"; id: number; line: string }
  | { type: "signalled"; id: number }
  | { type: "exited"; id: number; code: number | null; signal: string | null };

/** How long to wait for what an ended process has printed, in milliseconds. */
const LAST_WORDS_MS = 50;

const folder = process.argv[2]!;
const children = new Map<number, ChildProcess>();
let onExit: { command: string; args: string[] } | undefined;

/** A runner that has just died cannot be notified: the channel says so itself, by closing. */
const notify = (event: ReaperEvent): void => {
  if (process.connected) process.send!(event, undefined, undefined, () => {});
};

function start(command: Extract<ReaperCommand, { do: "spawn" }>): void {
  const log = openSync(command.log, "a");
  const child = spawn(command.command, command.args, { env: command.env, cwd: folder, stdio: ["pipe", "pipe", log] });
  closeSync(log);
  children.set(command.id, child);
  let text = "";
  child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop()!;
    for (const line of lines) notify({ type: "line", id: command.id, line });
  });
  child.once("spawn", () => notify({ type: "spawned", id: command.id, pid: child.pid! }));
  const gone = (code: number | null, signal: string | null): void => {
    if (!children.delete(command.id)) return;
    notify({ type: "exited", id: command.id, code, signal });
  };
  child.once("error", () => gone(127, null));
  child.once("exit", (code, signal) => {
    // what it printed last may still be on its way; a child of its own may hold that open for ever
    const last = setTimeout(() => gone(code, signal), LAST_WORDS_MS);
    child.once("close", () => {
      clearTimeout(last);
      gone(code, signal);
    });
  });
}

process.on("message", (command: ReaperCommand) => {
  if (command.do === "spawn") start(command);
  else if (command.do === "signal") {
    children.get(command.id)?.kill(command.signal);
    notify({ type: "signalled", id: command.id });
  } else onExit = command.do === "on-exit" ? command : undefined;
});

function end(): void {
  const running = [...children.values()].filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  const last = running.map((child) => new Promise((ended) => child.once("exit", ended)));
  for (const child of running) child.kill("SIGKILL");
  void Promise.all(last).then(() => {
    if (onExit) spawnSync(onExit.command, onExit.args, { stdio: "ignore", timeout: 20_000 });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    process.exit(0);
  });
}
process.once("disconnect", end);
// whatever goes wrong here, nothing is to be left behind; the folder is the runner's as long as it lives
process.once("uncaughtException", (error) => {
  console.error(error);
  for (const child of children.values()) child.kill("SIGKILL");
  if (!process.connected) end();
  else process.exit(1);
});
// the runner may have died while this was starting; its last commands are carried out before the next turn
if (!process.connected) setImmediate(end);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
