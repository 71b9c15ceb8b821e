import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, expect, test } from "vitest";
import { PLAN_FORMAT } from "../session/index.ts";
import { projectRoot } from "../stack/index.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "debugger-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

const order = (n: number) => ({
  id: `o${n}`,
  client: `c${n}`,
  kind: "reserve",
  args: { product: "@p1", reservation: `@r${n}` },
  route: "front",
});
const plan = path.join(scratch, "plan.json");
writeFileSync(
  plan,
  JSON.stringify({
    format: PLAN_FORMAT,
    property: "a product is reserved once, and everyone is told the same",
    invariant: "linearizable",
    stack: "simulated",
    summary: "",
    plan: { operations: [order(1), order(2)], faults: [] },
  }),
);
const source = path.join(projectRoot, "src/durable-rpc/product.ts");
const breakpoint = {
  url: pathToFileURL(source).href,
  /** from 0 */
  line: readFileSync(source, "utf8")
    .split("\n")
    .findIndex((line) => line.includes('await ctx.get("reserved")')),
};

interface Paused {
  reason: string;
  callFrames: { callFrameId: string; functionName: string; location: { scriptId: string; lineNumber: number } }[];
}
interface Script {
  scriptId: string;
  url: string;
  sourceMapURL: string;
}

/** A run of the command. */
function simulate(...options: string[]) {
  const child = spawn(process.execPath, [...options, "harness/commands/simulate.ts", plan], {
    cwd: projectRoot,
    env: { ...process.env, SUBJECT: undefined, MUTANTS: undefined },
  });
  running.push(child);
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (written[name] += text));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...written }));
  return { child, ended };
}

/** The other end of the Chrome DevTools protocol. */
class Debugger {
  readonly scripts: Script[] = [];
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #pauses: Paused[] = [];
  #pause: PromiseWithResolvers<void> | undefined;
  readonly #end = Promise.withResolvers<never>();
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#end.promise.catch(() => {});
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data as string));
  }

  static async attach(url: string): Promise<Debugger> {
    const socket = new WebSocket(url);
    await once(socket, "open");
    return new Debugger(socket);
  }

  #receive(message: { id?: number; result?: unknown; method?: string; params?: unknown }): void {
    if (message.id !== undefined) this.#answers.get(message.id)?.(message.result);
    else if (message.method === "Debugger.scriptParsed") this.scripts.push(message.params as Script);
    else if (message.method === "Debugger.paused") {
      this.#pauses.push(message.params as Paused);
      this.#pause?.resolve();
    } else if (message.method === "Runtime.executionContextDestroyed") this.#end.reject(new Error("the run has ended"));
  }

  /** @returns undefined when the method failed */
  call<T>(method: string, params: object = {}): Promise<T | undefined> {
    return new Promise((resolve) => {
      this.#answers.set(++this.#sent, resolve as (result: unknown) => void);
      this.#socket.send(JSON.stringify({ id: this.#sent, method, params }));
    });
  }

  /** The next pause that was not yet asked for. @throws when the run ends instead */
  async paused(): Promise<Paused> {
    if (this.#pauses.length === 0) {
      this.#pause = Promise.withResolvers();
      await Promise.race([this.#pause.promise, this.#end.promise]);
    }
    return this.#pauses.shift()!;
  }

  /** The address of the script that is paused. */
  where({ callFrames }: Paused): string | undefined {
    return this.scripts.find(({ scriptId }) => scriptId === callFrames[0]!.location.scriptId)?.url;
  }

  /** What an expression is at the place of a pause. */
  async evaluate({ callFrames }: Paused, expression: string): Promise<unknown> {
    const { callFrameId } = callFrames[0]!;
    const params = { callFrameId, expression, returnByValue: true };
    return (await this.call<{ result: { value: unknown } }>("Debugger.evaluateOnCallFrame", params))?.result.value;
  }

  close(): void {
    this.#socket.close();
  }
}

/** Where a line of a source is in a script, as debuggers find it: by the map that the script carries. */
function generated({ url, sourceMapURL }: Script, source: string, line: number): { lineNumber: number } | undefined {
  const encoded = /^data:application\/json;base64,(.*)$/.exec(sourceMapURL)?.[1];
  if (encoded === undefined) return undefined;
  const payload = JSON.parse(Buffer.from(encoded, "base64").toString());
  const address = (name: string): string => new URL(name, payload.sourceRoot || url).href;
  if (!payload.sources.map(address).includes(source)) return undefined;
  const map = new SourceMap(payload);
  const lines = payload.mappings.split(";").length;
  for (let lineNumber = 0; lineNumber < lines; lineNumber++)
    for (let column = 0; column < 120; column++) {
      const entry = map.findEntry(lineNumber, column);
      if (!("originalSource" in entry) || entry.generatedLine !== lineNumber) continue;
      const original = new URL(entry.originalSource, payload.sourceRoot || url).href;
      if (original === source && entry.originalLine === line) return { lineNumber };
    }
  return undefined;
}

test("a run stops at breakpoints in the sources of services, for as long as one likes, and stays the same run", async () => {
  const alone = await simulate().ended;
  expect(alone).toMatchObject({ code: 0, stderr: "" });
  const { child, ended } = simulate("--inspect-brk=127.0.0.1:0");
  let said = "";
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr.on("data", (text: string) => {
      said += text;
      const [url] = /ws:\/\/\S+/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
    child.once("close", () => reject(new Error(said)));
  });
  const debug = await Debugger.attach(address);
  await debug.call("Runtime.enable");
  await debug.call("Debugger.enable");
  await debug.call("Runtime.runIfWaitingForDebugger");
  await debug.paused(); // at the first line of the command
  const instrumentation = "beforeScriptWithSourceMapExecution";
  await debug.call("Debugger.setInstrumentationBreakpoint", { instrumentation });

  // debuggers that know the breakpoint before the run begins set it when V8 tells them of a script with a map
  let paused: Paused;
  let place: { lineNumber: number } | undefined;
  let script: Script | undefined;
  do {
    await debug.call("Debugger.resume");
    paused = await debug.paused();
    script = debug.scripts.at(-1)!;
    place = generated(script, breakpoint.url, breakpoint.line);
  } while (paused.reason === "instrumentation" && !place);
  expect(paused.reason).toBe("instrumentation");
  // VS Code takes no map of what lies there
  expect(script.url).not.toContain("/node_modules/");
  expect(await debug.call("Debugger.setBreakpointByUrl", { url: script.url, ...place })).toHaveProperty("locations");

  // people set theirs here
  await debug.call("Debugger.resume");
  paused = await debug.paused();
  expect(debug.where(paused)).toBe(pathToFileURL(path.join(projectRoot, "harness/commands/simulate.ts")).href);

  for (const operation of ["the first", "the second"]) {
    await debug.call("Debugger.resume");
    paused = await debug.paused();
    expect(paused.callFrames[0], operation).toMatchObject({ functionName: "reserve", location: place });
    expect(await debug.evaluate(paused, "ctx.key")).toMatch(/p1$/);
  }
  // longer than the simulation waits for anything real
  await sleep(2_500);
  const before = await debug.evaluate(paused, "Date.now()");
  await debug.call("Debugger.stepOver");
  paused = await debug.paused();
  expect(paused.callFrames[0]!.functionName).toBe("reserve");
  expect(paused.callFrames[0]!.location.lineNumber).toBeGreaterThanOrEqual(place!.lineNumber);
  // time stood still, too
  expect((await debug.evaluate(paused, "Date.now()")) as number).toBeLessThan((before as number) + 100);
  await debug.call("Debugger.resume");
  // which ends the process's waiting for us as well
  debug.close();
  const debugged = await ended;
  expect(debugged.code, debugged.stderr).toBe(0);
  expect(debugged.stdout).toBe(alone.stdout);
  expect(debugged.stdout).toMatch(/\btrace [0-9a-f]{16}$/m);
});
