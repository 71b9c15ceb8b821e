/**
 * The thread that watches the main one; see watchdog.ts. When a simulated process works on one thing for too long, or fills
 * the memory meanwhile, the main thread is paused, its call frames are read, and what it does is terminated.
 */
import { writeSync } from "node:fs";
import { type Debugger, Session } from "node:inspector";
import { fileURLToPath } from "node:url";
import { workerData } from "node:worker_threads";
import {
  type Alarm,
  BEAT,
  type Frame,
  HANDLER,
  type HandlerName,
  IS_ALARMED,
  IS_WORKING,
  type WatchdogData,
} from "./watchdog-protocol.ts";

/** of the Node process: that of a thread leads through the main thread */
const STDERR = 2;
/** how often it looks, in milliseconds */
const POLL_MS = 100;
/** what counts as a hang: so long without a sign, in milliseconds; on a busy machine, where it had less of the processor, twice that */
const HANG_MS = 2_000;
const HANG_CPU_MS = 1_000;
/** native code is not paused: it is named after so long, in milliseconds, and after the second time it is given up */
const NAMED_MS = 4_500;
const GIVEN_UP_MS = 30_000;

const { beats, alarms, mostGrowth }: WatchdogData = workerData;

const handlers = new Map<number, string>();
alarms.on("message", ({ id, name }: HandlerName) => handlers.set(id, name));
alarms.unref();

/** When the present thing entered the process, and how much there was by then. */
interface Start {
  beat: number;
  cpu: NodeJS.CpuUsage;
  memory: number;
}
let start = now(-1);
let lastLook = performance.now();
/** milliseconds since then; a machine that sleeps in between does not count */
let elapsed = 0;
let isPausing = false;
let isNamed = false;

function now(beat: number): Start {
  return { beat, cpu: process.cpuUsage(), memory: process.memoryUsage.rss() };
}

const isStill = (beat: number): boolean => Atomics.load(beats, BEAT) === beat && Atomics.load(beats, IS_WORKING) === 1;

setInterval(look, POLL_MS);

function look(): void {
  const passed = performance.now() - lastLook;
  lastLook += passed;
  if (!isStill(start.beat)) {
    start = now(Atomics.load(beats, BEAT));
    elapsed = 0;
    isNamed = false;
    return;
  }
  elapsed += Math.min(passed, 3 * POLL_MS);
  const grown = process.memoryUsage.rss() - start.memory;
  if (isPausing) expectPause(grown);
  else if (grown > mostGrowth) interrupt({ kind: "out-of-memory", amount: grown });
  else if (elapsed > HANG_MS && (elapsed > 2 * HANG_MS || cpuSince(start) > HANG_CPU_MS))
    interrupt(grown > mostGrowth / 4 ? { kind: "out-of-memory", amount: grown } : { kind: "hang", amount: elapsed });
}

function cpuSince({ cpu }: Start): number {
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1_000;
}

/** V8 does not pause a native function, nor a loop that it has compiled and that calls nothing but native functions. */
function expectPause(grown: number): void {
  const what = `it has worked for ${(elapsed / 1000).toFixed(1)} s and taken ${Math.round(grown / 2 ** 20)} MB, and does not stop for a debugger`;
  if (grown > 2 * mostGrowth || elapsed > GIVEN_UP_MS) giveUp(what);
  if (elapsed > NAMED_MS && !isNamed) {
    isNamed = true;
    say(`${what}; it is waited for`);
  }
}

/** Pauses the main thread, reads where it is, and terminates what it does. */
function interrupt(what: Pick<Alarm, "kind" | "amount">): void {
  isPausing = true;
  const { beat } = start;
  const session = new Session();
  session.connectToMainThread();
  const files = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => files.set(params.scriptId, params.url));
  const end = (): void => {
    session.post("Debugger.resume");
    session.post("Debugger.disable", () => {
      session.disconnect();
      isPausing = false;
    });
  };
  session.on("Debugger.paused", ({ params }) => {
    // it may have ended in the meantime
    if (!isStill(beat)) {
      end();
      return;
    }
    const frames = params.callFrames.map((frame) => frameOf(frame, files));
    isInTick(session, params.callFrames, frames, (isIt) => {
      if (isIt) giveUp("it hangs in a callback of process.nextTick", frames);
      alarms.postMessage({ ...what, frames } satisfies Alarm);
      Atomics.store(beats, IS_ALARMED, 1);
      session.post("Runtime.terminateExecution");
      end();
    });
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

function frameOf({ functionName, location }: Debugger.CallFrame, files: ReadonlyMap<string, string>): Frame {
  const { scriptId, lineNumber, columnNumber = 0 } = location;
  const url = files.get(scriptId) ?? "";
  const file = url.startsWith("file:") ? fileURLToPath(url) : url;
  return { functionName, file, line: lineNumber + 1, column: columnNumber + 1 };
}

/**
 * Termination unwinds to the last microtask, or to the bottom of the stack. In a callback of `process.nextTick`, Node is
 * left in the middle of its own book-keeping, and aborts later. `tock` is its name for the callback that runs.
 */
function isInTick(
  session: Session,
  callFrames: Debugger.CallFrame[],
  frames: Frame[],
  answer: (isIt: boolean) => void,
): void {
  const index = frames.findIndex(
    ({ functionName, file }) => functionName === "processTicksAndRejections" && file.startsWith("node:internal/"),
  );
  const callFrameId = callFrames[index]?.callFrameId;
  if (callFrameId === undefined) {
    answer(false);
    return;
  }
  session.post("Debugger.evaluateOnCallFrame", { callFrameId, expression: "tock !== null" }, (_, evaluated) =>
    answer(evaluated?.result.value === true),
  );
}

/** Names what cannot be interrupted, and ends the Node process. */
function giveUp(what: string, frames: Frame[] = []): never {
  say(`${what}. This cannot be interrupted: the whole run ends here`, frames);
  process.kill(process.pid, "SIGKILL");
  throw new Error(what);
}

function say(what: string, frames: Frame[] = []): void {
  const handler = handlers.get(Atomics.load(beats, HANDLER)) ?? "a service process";
  const lines = frames.map(
    ({ functionName, file, line, column }) => `    at ${functionName} (${file}:${line}:${column})`,
  );
  // the main thread writes nothing more, and would have to for a stream
  writeSync(STDERR, [`stormproof: ${handler} hangs: ${what}`, ...lines, ""].join("\n"));
}
