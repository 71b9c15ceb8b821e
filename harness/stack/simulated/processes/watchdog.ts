import inspector from "node:inspector";
import v8 from "node:v8";
import { isMainThread, MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { SubjectDied } from "./deaths.ts";
import { placeOf } from "./places.ts";
import { realMacrotask } from "./virtual-globals.ts";
import {
  type Alarm,
  BEAT,
  HANDLER,
  type HandlerName,
  IS_ALARMED,
  IS_WORKING,
  PLACES,
  type WatchdogData,
} from "./watchdog-protocol.ts";

/** Something that runs in a macrotask of its own. */
export interface Turn {
  run(): void;
  /** Called in a later macrotask when `run` was interrupted and never returned, not even to its `finally`. */
  interrupted(death: SubjectDied): void;
}

/** how much memory a process may take while it works on one thing, in bytes */
const MOST_GROWTH = Math.min(512 * 2 ** 20, v8.getHeapStatistics().heap_size_limit / 4);

const beats = new Int32Array(new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT));
const alarms = new MessageChannel();
const turns = new MessageChannel();
const waiting: Turn[] = [];
/** the turn that has begun and not ended */
let current: Turn | undefined;
let isInstalled = false;
let isWatched = false;
/** the handlers that were met, and their numbers */
const handlers = new Map<string, number>();

/**
 * Starts a thread that watches the simulated processes. A process that does not come to rest within two seconds, or takes
 * too much memory meanwhile, is interrupted: its run ends with `SubjectDied`. A debugger may stop it for as long as it
 * likes: nobody watches while one is attached. Idempotent.
 */
export function installWatchdog(): void {
  if (isInstalled) return;
  isInstalled = true;
  turns.port2.on("message", takeTurn).unref();
  alarms.port1.on("message", (alarm: Alarm) => unwound(deathOf(alarm))).unref();
  // only the main thread can be watched
  isWatched = isMainThread && inspector.url() === undefined;
  if (!isWatched) return;
  const workerData: WatchdogData = { beats, alarms: alarms.port2, mostGrowth: MOST_GROWTH };
  const transferList = [alarms.port2];
  new Worker(new URL("./watchdog.worker.ts", import.meta.url), { workerData, transferList, execArgv: [] }).unref();
}

/**
 * Runs a turn in a macrotask of its own. Node calls back for a message with nothing of its own on the stack, and survives
 * that the turn is terminated; for `setImmediate` it does not.
 */
export function takeTurnSoon(turn: Turn): void {
  waiting.push(turn);
  // of the messages that are there Node takes many in a row: timers and sockets are to have their turns as well
  realMacrotask(() => {
    turns.port2.ref();
    turns.port1.postMessage(undefined);
  });
}

function takeTurn(): void {
  const death = interruption();
  if (death) unwound(death);
  current = waiting.shift();
  isWatched &&= inspector.url() === undefined;
  try {
    current?.run();
  } finally {
    // what is terminated does not come by here
    current = undefined;
    if (waiting.length === 0) turns.port2.unref();
  }
}

/** What was interrupted never returned: its turn ends here. */
function unwound(death: SubjectDied): void {
  const turn = current;
  current = undefined;
  endsWork();
  turn?.interrupted(death);
}

/** A simulated process begins to work. @param handler what it works on: one of a limited number of names */
export function startsWork(handler: string): void {
  if (!isWatched) return;
  beats[HANDLER] = handlers.get(handler) ?? introduce(handler);
  beats[BEAT] = (beats[BEAT] ?? 0) + 1;
  beats[IS_WORKING] = 1;
}

function introduce(name: string): number {
  const id = handlers.size;
  handlers.set(name, id);
  alarms.port1.postMessage({ id, name } satisfies HandlerName);
  return id;
}

/** A simulated process has come to rest. */
export function endsWork(): void {
  beats[IS_WORKING] = 0;
}

/** How the work that has just ended was interrupted, if it was. */
export function interruption(): SubjectDied | undefined {
  if (beats[IS_ALARMED] === 0) return undefined;
  beats[IS_ALARMED] = 0;
  const received: { message: Alarm } | undefined = receiveMessageOnPort(alarms.port1);
  return received && deathOf(received.message);
}

function deathOf({ kind, amount, frames }: Alarm): SubjectDied {
  beats[IS_ALARMED] = 0;
  const stack = frames.map(
    ({ functionName, file, line, column }) => `    at ${functionName} (${file}:${line}:${column})`,
  );
  const handler = [...handlers.keys()][beats[HANDLER] ?? 0] ?? "";
  const place = placeOf(stack.join("\n"));
  const message =
    kind === "hang"
      ? `the service process hangs: it has worked for ${(amount / 1000).toFixed(1)} s on one thing without a pause`
      : `the service process fills the memory: it has taken ${Math.round(amount / 2 ** 20)} MB to work on one thing`;
  return new SubjectDied({ kind, handler, message, ...(place !== undefined && { place }) });
}
