/**
 * The keeper: the parent of every process of a native stack. It lives in a process group of its own and ends them all
 * when its channel to the runner closes, whatever ended the runner (the idea of testcontainers' Ryuk).
 *
 * Messages from the runner: see `Order`. Messages to it: see `Notice`.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";

export type Order =
  | { do: "spawn"; id: number; command: string; args: string[]; env: Record<string, string>; log: string }
  | { do: "signal"; id: number; signal: NodeJS.Signals }
  /** a command to run once when the runner has died, after all processes have ended */
  | { do: "testament"; command: string; args: string[] }
  | { do: "forget testament" };
export type Notice =
  | { told: "spawned"; id: number; pid: number }
  | { told: "line"; id: number; line: string }
  | { told: "signalled"; id: number }
  | { told: "exited"; id: number; code: number | null; signal: string | null };

const folder = process.argv[2]!;
const children = new Map<number, ChildProcess>();
let testament: { command: string; args: string[] } | undefined;

/** A runner that has just died cannot be told: the channel says so itself, by closing. */
const tell = (notice: Notice): void => {
  if (process.connected) process.send!(notice, undefined, undefined, () => {});
};

function start(order: Extract<Order, { do: "spawn" }>): void {
  const log = openSync(order.log, "a");
  const child = spawn(order.command, order.args, { env: order.env, cwd: folder, stdio: ["pipe", "pipe", log] });
  closeSync(log);
  children.set(order.id, child);
  let text = "";
  child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop()!;
    for (const line of lines) tell({ told: "line", id: order.id, line });
  });
  child.once("spawn", () => tell({ told: "spawned", id: order.id, pid: child.pid! }));
  const gone = (code: number | null, signal: string | null): void => {
    if (!children.delete(order.id)) return;
    tell({ told: "exited", id: order.id, code, signal });
  };
  child.once("error", () => gone(127, null));
  child.once("exit", gone);
}

process.on("message", (order: Order) => {
  if (order.do === "spawn") start(order);
  else if (order.do === "signal") {
    children.get(order.id)?.kill(order.signal);
    tell({ told: "signalled", id: order.id });
  } else testament = order.do === "testament" ? order : undefined;
});

function end(): void {
  const last = [...children.values()].map((child) => new Promise((ended) => child.once("exit", ended)));
  for (const child of children.values()) child.kill("SIGKILL");
  void Promise.all(last).then(() => {
    if (testament) spawnSync(testament.command, testament.args, { stdio: "ignore", timeout: 20_000 });
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    process.exit(0);
  });
}
process.once("disconnect", end);
// whatever goes wrong here, nothing is to be left behind
process.once("uncaughtException", end);
// the runner may have died while this was starting; its last orders are heeded before the next turn
if (!process.connected) setImmediate(end);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
