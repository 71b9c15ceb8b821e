/** Services that misbehave, each in its own way, for the tests of the simulation. */
import { EventEmitter } from "node:events";
import { readFile } from "node:fs/promises";
import * as restate from "@restatedev/restate-sdk";

const waits: Record<string, () => Promise<unknown>> = {
  timers: async () => {
    const before = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 30));
    return Date.now() - before;
  },
  interval: () =>
    new Promise((resolve) => {
      let ticks = 0;
      const timer = setInterval(() => {
        if (++ticks < 3) return;
        clearInterval(timer);
        resolve(ticks);
      }, 10);
    }),
  timeout: () => new Promise((resolve) => AbortSignal.timeout(10).addEventListener("abort", () => resolve("aborted"))),
  random: async () => [Math.random(), crypto.randomUUID(), new Date().toISOString()],
  files: () => readFile("/etc/hostname"),
  dns: () => import("node:dns").then(({ promises }) => promises.lookup("localhost")),
  digest: () => crypto.subtle.digest("SHA-256", new Uint8Array(3)),
  socket: () =>
    import("node:http").then(
      ({ get }) => new Promise((resolve, reject) => get("http://127.0.0.1:1/", resolve).on("error", reject)),
    ),
  elsewhere: () => fetch("http://example.com/"),
  nothing: () => new Promise(() => {}),
  console: async () => console.log("said by %s", "naughty", { lines: 1 }),
  error: () => Promise.reject(new Error("thrown on purpose")),
};

let kept = 0;

/** the crashes that have been: kept where all simulated processes meet, on a module that is not part of the bundle */
function crashes(): Set<string> {
  const shared = EventEmitter as { crashes?: Set<string> };
  shared.crashes ??= new Set();
  return shared.crashes;
}

const naughty = restate.service({
  name: "naughty",
  handlers: {
    wait: async (ctx: restate.Context, how: string) => ctx.run("wait", () => waits[how]!()),
    /** counts in memory, which a crash must lose */
    count: async (ctx: restate.Context) => ctx.run("count", () => ++kept),
    /** an error that nobody catches ends the process, once */
    crash: async (ctx: restate.Context, how: string) =>
      ctx.run("crash", async () => {
        const crashed = crashes();
        if (!crashed.has(how)) {
          crashed.add(how);
          if (how === "rejection") void Promise.reject(new Error("nobody catches me"));
          if (how === "timer") setTimeout(() => JSON.parse("{"), 1);
          if (how === "microtask") queueMicrotask(() => JSON.parse("{"));
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
        return ++kept;
      }),
    /** ends while a step is under way */
    hurry: async (ctx: restate.Context) => {
      const slow = ctx.run("slow", () => new Promise((resolve) => setTimeout(resolve, 20)));
      await restate.RestatePromise.race([slow, ctx.run("quick", () => {})]);
      throw new restate.TerminalError("it cannot wait");
    },
    spin: async () => {
      for (;;) await new Promise((resolve) => setImmediate(resolve));
    },
  },
});

export const catalog = { naughty: { services: [naughty] } };
