import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import type { Ending } from "./managed-process.ts";
import { Processes } from "./processes.ts";
import { isAlive, processesIn, soon } from "./testing.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "processes-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const owned: { kill(signal: NodeJS.Signals): unknown }[] = [];
const opened: Processes[] = [];
afterEach(async () => {
  for (const one of owned.splice(0)) one.kill("SIGKILL");
  for (const processes of opened.splice(0)) await processes.close();
});
const open = (...options: ConstructorParameters<typeof Processes>): Processes => {
  const processes = new Processes(...options);
  opened.push(processes);
  return processes;
};

/** Starts a runner of its own, and answers what it says of itself. */
async function owner(how: string, ...more: string[]) {
  const script = path.join(import.meta.dirname, "owner.fixture.ts");
  const runner = spawn(process.execPath, [script, how, ...more], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  owned.push(runner);
  const [line] = (await once(createInterface(runner.stdout), "line")) as [string];
  const { folder, children = [] } = JSON.parse(line) as { folder: string; children?: number[] };
  return { runner, folder, children, reaper: reaperOf(folder) };
}
const reaperOf = (folder: string): number =>
  (JSON.parse(readFileSync(path.join(folder, "owner"), "utf8")) as { pid: number }).pid;

const idle = ["-e", "setInterval(() => {}, 1000)"];
const start = (processes: Processes, args = idle) =>
  processes.spawn(process.execPath, args, { env: {}, name: "child" });

// --- what the death of a runner leaves behind

test.each<[string, string, (runner: ChildProcess) => void]>([
  ["is killed", "waiting", (runner) => runner.kill("SIGKILL")],
  ["is killed with all of its group", "waiting", (runner) => process.kill(-runner.pid!, "SIGKILL")],
  ["exits without closing", "waiting", (runner) => runner.kill("SIGTERM")],
  ["closes", "closing", (runner) => runner.kill("SIGTERM")],
])("a runner that %s leaves no process and no folder", async (_, how, end) => {
  const { runner, folder, children, reaper } = await owner(how);
  expect(children).toHaveLength(2);
  expect(processesIn(folder)).toEqual(children);
  end(runner);
  await soon(() => ![...children, reaper].some(isAlive) && !existsSync(folder));
});

test.each([0, 30, 60, 90])(
  "a runner that is killed %i ms after its first word leaves nothing either",
  async (pause) => {
    const { runner, folder, reaper } = await owner("hasty");
    await sleep(pause);
    runner.kill("SIGKILL");
    await soon(() => !isAlive(reaper) && !existsSync(folder));
    expect(processesIn(folder)).toEqual([]);
  },
);

test("its command for its exit is run when it dies, after its processes have ended; not when it closes", async () => {
  const [died, closed] = [path.join(scratch, "died"), path.join(scratch, "closed")];
  const first = await owner("waiting", died);
  first.runner.kill("SIGKILL");
  await soon(() => existsSync(died) && !isAlive(first.reaper), 3_000);
  expect(first.children.some(isAlive)).toBe(false);
  const second = await owner("closing", closed);
  second.runner.kill("SIGTERM");
  await soon(() => !isAlive(second.reaper));
  expect(existsSync(closed)).toBe(false);
});

test("signals for the whole terminal do not reach the reaper", async () => {
  const processes = open();
  const child = await start(processes);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(reaperOf(processes.folder), signal);
  const another = await start(processes);
  expect([child.alive, another.alive]).toEqual([true, true]);
});

// --- closing

test("closing ends every process, the frozen as well, and removes the folder; again, it does nothing", async () => {
  const processes = open();
  const children = [await start(processes), await start(processes)];
  await children[1]!.signal("SIGSTOP");
  await processes.close();
  expect(children.map(({ pid }) => pid).some(isAlive)).toBe(false);
  expect(existsSync(processes.folder)).toBe(false);
  expect(children.some(({ alive }) => alive)).toBe(false);
  await processes.close();
});

test("when its reaper dies, its processes end, whoever waits for them hears of it, and another takes its place", async () => {
  const deaths: Ending[] = [];
  const processes = open((ending) => deaths.push(ending));
  const left = path.join(scratch, "left");
  processes.onExit(process.execPath, ["-e", `require("fs").writeFileSync(${JSON.stringify(left)}, "")`]);
  const children = [await start(processes), await start(processes)];
  await children[1]!.signal("SIGSTOP");
  const reaper = reaperOf(processes.folder);
  process.kill(reaper, "SIGKILL");
  for (const { ended } of children)
    expect(await ended).toEqual({ how: "its reaper is gone", expected: true, output: "" });
  expect(children.map(({ pid }) => pid).some(isAlive)).toBe(false);
  const next = await start(processes);
  expect(deaths).toEqual([{ how: "signal SIGKILL", expected: false, output: "" }]);
  expect(processesIn(processes.folder)).toEqual([next.pid]);
  const other = reaperOf(processes.folder);
  expect([other === reaper, isAlive(other)]).toEqual([false, true]);
  await processes.close();
  expect([isAlive(next.pid), existsSync(processes.folder), existsSync(left)]).toEqual([false, false, false]);
  expect(deaths).toHaveLength(1);
});

test("what was to be run on exit is run by the reaper that took the place of another", async () => {
  const died = path.join(scratch, "died twice");
  const { runner, folder, reaper } = await owner("waiting", died);
  process.kill(reaper, "SIGKILL");
  await soon(() => reaperOf(folder) !== reaper && reaperOf(folder) !== runner.pid, 5_000);
  runner.kill("SIGKILL");
  await soon(() => existsSync(died) && !existsSync(folder), 5_000);
});

test("a reaper that is stopped is killed when it does not do what it is told, and another takes its place", async () => {
  const deaths: Ending[] = [];
  const processes = open((ending) => deaths.push(ending), 2_500);
  const child = await start(processes);
  process.kill(reaperOf(processes.folder), "SIGSTOP");
  await child.kill();
  expect(isAlive(child.pid)).toBe(false);
  expect((await start(processes)).alive).toBe(true);
  expect(deaths).toMatchObject([{ how: "signal SIGKILL", expected: false }]);
  process.kill(reaperOf(processes.folder), "SIGSTOP");
  await processes.close();
  expect(existsSync(processes.folder)).toBe(false);
  expect(deaths).toHaveLength(1);
});

test("a reaper that cannot do what it is told ends everything, and says why", async () => {
  const deaths: Ending[] = [];
  const processes = open((ending) => deaths.push(ending));
  const child = await start(processes);
  const lost = processes.spawn(process.execPath, idle, { env: {}, name: "no/such/folder/child" });
  await expect(lost).rejects.toThrow("its reaper is gone");
  expect(isAlive(child.pid)).toBe(false);
  await start(processes);
  expect(deaths).toMatchObject([{ how: "exit code 1", output: expect.stringContaining("ENOENT") }]);
});

test("nothing is started after closing", async () => {
  const processes = open();
  await processes.close();
  await expect(start(processes)).rejects.toThrow("its stack is closed");
});

// --- processes

test("a process works in the folder, its lines arrive whole, its errors are in its log", async () => {
  const processes = open();
  const lines: string[] = [];
  const script = `
    process.stdout.write("one\\ntw");
    setTimeout(() => { console.log("o"); console.log(process.cwd(), process.env.A); console.error("oh no"); }, 20);
    setTimeout(() => process.exit(3), 40);
  `;
  const child = await processes.spawn(process.execPath, ["-e", script], {
    env: { A: "b" },
    name: "child",
    onLine: (line) => {
      lines.push(line);
      return line === "two";
    },
  });
  const { folder } = processes;
  // what was meant for us is no output
  const output = `one\n${folder} b\noh no`;
  expect(await child.ended).toEqual({ how: "exit code 3", expected: false, output });
  expect(lines).toEqual(["one", "two", `${folder} b`]);
  expect(child.alive).toBe(false);
  expect(child.output()).toBe(output);
});

test.runIf(process.platform === "linux")(
  "a process is frozen and thawed; a signal to one that has ended is nothing",
  async () => {
    const child = await start(open());
    const state = () => /\) ([A-Z]) /.exec(readFileSync(`/proc/${child.pid}/stat`, "utf8"))![1];
    await child.signal("SIGSTOP");
    await soon(() => state() === "T");
    await child.signal("SIGCONT");
    await soon(() => state() !== "T");
    await child.kill();
    await child.signal("SIGCONT");
  },
);

test("a process that is killed has ended when that is said", async () => {
  const child = await start(open());
  expect(isAlive(child.pid)).toBe(true);
  await child.kill();
  expect(isAlive(child.pid)).toBe(false);
  expect(await child.ended).toEqual({ how: "signal SIGKILL", expected: true, output: "" });
  await child.kill();
});

test("a command that does not exist is refused", async () => {
  const processes = open();
  await expect(processes.spawn("/no/such/command", [], { env: {}, name: "x" })).rejects.toThrow(
    "/no/such/command: it did not start: exit code 127",
  );
});

// --- folders that were left behind

/** A folder as a runner leaves it whose reaper was killed too, and a process that still works in it. */
async function leftBehind(owner: object) {
  const parent = path.dirname(open().folder);
  const folder = mkdtempSync(path.join(parent, "stormproof-"));
  writeFileSync(path.join(folder, "owner"), JSON.stringify(owner));
  const child = spawn(process.execPath, idle, { cwd: folder, stdio: "ignore" });
  owned.push(child);
  await once(child, "spawn");
  return { folder, pid: child.pid! };
}

test("the next run sweeps the folder of a dead owner, with the processes in it", async () => {
  const dead = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(dead, "exit");
  const { folder, pid } = await leftBehind({ pid: dead.pid, born: "1" });
  open();
  expect(existsSync(folder)).toBe(false);
  await soon(() => !isAlive(pid));
});

test.runIf(process.platform === "linux")("an owner whose id another process has by now is dead", async () => {
  const { folder, pid } = await leftBehind({ pid: process.pid, born: "1" });
  open();
  expect(existsSync(folder)).toBe(false);
  await soon(() => !isAlive(pid));
});

test("it leaves alone the folder of a living owner, and whatever says nothing of its owner", async () => {
  const living = open();
  const child = await start(living);
  const unknown = mkdtempSync(path.join(path.dirname(living.folder), "stormproof-"));
  try {
    open();
    expect(existsSync(living.folder)).toBe(true);
    expect(isAlive(child.pid)).toBe(true);
    expect(existsSync(unknown)).toBe(true);
  } finally {
    rmSync(unknown, { recursive: true });
  }
});
