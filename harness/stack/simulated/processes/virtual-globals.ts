import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { promisify } from "node:util";

/**
 * The globals of simulated code: clock, timers, randomness, fetch. Installed once per Node process. Every one of
 * these functions first asks on whose behalf it is called, by asynchronous context: code of a simulated process gets
 * that process's globals, everything else the real thing.
 */
export interface VirtualGlobals {
  /** milliseconds since the epoch, whole */
  now(): number;
  /** milliseconds, with fractions, from the start of the process */
  uptime(): number;
  /** a number in [0, 1) */
  random(): number;
  setTimeout(callback: () => void, milliseconds: number): Cancellable;
  setImmediate(callback: () => void): Cancellable;
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}
export interface Cancellable {
  cancel(): void;
}

/** Whose code is running; nothing: real code. */
export const virtualGlobals = new AsyncLocalStorage<VirtualGlobals>();

const real = {
  Date: globalThis.Date,
  dateNow: globalThis.Date.now,
  random: Math.random,
  performanceNow: performance.now.bind(performance),
  hrtime: process.hrtime,
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  clearImmediate: globalThis.clearImmediate,
  queueMicrotask: globalThis.queueMicrotask,
  fetch: globalThis.fetch,
  abortTimeout: AbortSignal.timeout,
};

/** Settles after what is ready in the real event loop has run. */
export const realTurn = (): Promise<void> => new Promise((resolve) => real.setImmediate(resolve));
/** Calls back in a macrotask of its own. */
export const realMacrotask = (callback: () => void): void => void real.setImmediate(callback);
export const realNow = (): number => real.performanceNow();

let installed = false;

/** Idempotent. */
export function installVirtualGlobals(): void {
  if (installed) return;
  installed = true;
  installClock();
  installTimers();
  installRandomness();
  globalThis.fetch = ((input, init) =>
    virtualGlobals.getStore()?.fetch(input, init) ?? real.fetch(input, init)) as typeof fetch;
  syncBuiltinESMExports();
}

function installClock(): void {
  const now = () => virtualGlobals.getStore()?.now() ?? real.dateNow();
  real.Date.now = now;
  globalThis.Date = new Proxy(real.Date, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new real.Date(now()).toString(),
  });
  performance.now = () => virtualGlobals.getStore()?.uptime() ?? real.performanceNow();

  const hrtime = (previous?: [number, number]): [number, number] => {
    const uptime = virtualGlobals.getStore()?.uptime();
    if (uptime === undefined) return real.hrtime(previous);
    const nanoseconds = uptime * 1e6 - (previous ? previous[0] * 1e9 + previous[1] : 0);
    return [Math.floor(nanoseconds / 1e9), Math.floor(nanoseconds % 1e9)];
  };
  hrtime.bigint = () => {
    const uptime = virtualGlobals.getStore()?.uptime();
    return uptime === undefined ? real.hrtime.bigint() : BigInt(Math.floor(uptime * 1e6));
  };
  process.hrtime = hrtime;
}

/** What `setTimeout` and its kin give to simulated code. */
class VirtualTimer {
  #handle: Cancellable;
  readonly #start: (timer: VirtualTimer) => Cancellable;

  constructor(start: (timer: VirtualTimer) => Cancellable) {
    this.#start = start;
    this.#handle = start(this);
  }
  cancel(): void {
    this.#handle.cancel();
  }
  close(): this {
    this.cancel();
    return this;
  }
  refresh(): this {
    this.cancel();
    this.#handle = this.#start(this);
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  [Symbol.dispose](): void {
    this.cancel();
  }
}

type Callback = (...args: unknown[]) => void;

function installTimers(): void {
  const setTimeout = (callback: Callback, milliseconds?: number, ...args: unknown[]) => {
    const here = virtualGlobals.getStore();
    if (!here) return real.setTimeout(callback, milliseconds, ...args);
    return new VirtualTimer(() => here.setTimeout(() => callback(...args), delay(milliseconds)));
  };
  const setInterval = (callback: Callback, milliseconds?: number, ...args: unknown[]) => {
    const here = virtualGlobals.getStore();
    if (!here) return real.setInterval(callback, milliseconds, ...args);
    return new VirtualTimer((timer) =>
      here.setTimeout(() => {
        timer.refresh();
        callback(...args);
      }, delay(milliseconds)),
    );
  };
  const setImmediate = (callback: Callback, ...args: unknown[]) => {
    const here = virtualGlobals.getStore();
    if (!here) return real.setImmediate(callback, ...args);
    return new VirtualTimer(() => here.setImmediate(() => callback(...args)));
  };
  const clear = (reallyClear: (timer: never) => void) => (timer: unknown) => {
    if (timer instanceof VirtualTimer) timer.cancel();
    else reallyClear(timer as never);
  };
  const globals = {
    setTimeout,
    setInterval,
    setImmediate,
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
    clearImmediate: clear(real.clearImmediate),
  };
  Object.assign(globalThis, globals, { queueMicrotask });
  const require = createRequire(import.meta.url);
  Object.assign(require("node:timers"), globals);
  installTimerPromises(require("node:timers/promises"), globals);

  AbortSignal.timeout = (milliseconds) => {
    if (!virtualGlobals.getStore()) return real.abortTimeout.call(AbortSignal, milliseconds);
    const controller = new AbortController();
    const reason = new DOMException("The operation was aborted due to timeout", "TimeoutError");
    setTimeout(() => controller.abort(reason), milliseconds);
    return controller.signal;
  };
}

/**
 * A microtask without the book-keeping of Node, which would not survive that it is terminated (see watchdog.ts).
 * What it throws is an error that nobody caught.
 */
function queueMicrotask(callback: () => void): void {
  if (!virtualGlobals.getStore()) {
    real.queueMicrotask(callback);
    return;
  }
  Promise.resolve().then(() => {
    try {
      callback();
    } catch (error) {
      (process.emit as (event: string, ...args: unknown[]) => boolean)("uncaughtException", error);
    }
  });
}

/** as Node does: at least 1 */
const delay = (milliseconds: number | undefined): number => (milliseconds && milliseconds >= 1 ? milliseconds : 1);

function installTimerPromises(
  promises: typeof import("node:timers/promises"),
  {
    setTimeout,
    setImmediate,
  }: { setTimeout: (c: Callback, ms?: number) => unknown; setImmediate: (c: Callback) => unknown },
): void {
  const realPromises = { setTimeout: promises.setTimeout, setImmediate: promises.setImmediate };
  const sleep = (milliseconds?: number, value?: unknown, options?: { signal?: AbortSignal }) =>
    virtualGlobals.getStore()
      ? abortable(options?.signal, (resolve) => setTimeout(() => resolve(value), milliseconds))
      : realPromises.setTimeout(milliseconds, value, options);
  const immediate = (value?: unknown, options?: { signal?: AbortSignal }) =>
    virtualGlobals.getStore()
      ? abortable(options?.signal, (resolve) => setImmediate(() => resolve(value)))
      : realPromises.setImmediate(value, options);
  Object.assign(promises, { setTimeout: sleep, setImmediate: immediate });
  Object.assign(promises.scheduler, {
    wait: (milliseconds: number, options?: { signal?: AbortSignal }) => sleep(milliseconds, undefined, options),
    yield: () => immediate(),
  });
  Object.defineProperty(globalThis.setTimeout, promisify.custom, { value: sleep });
  Object.defineProperty(globalThis.setImmediate, promisify.custom, { value: immediate });
}

function abortable(signal: AbortSignal | undefined, start: (resolve: (value: unknown) => void) => unknown) {
  if (!signal) return new Promise(start);
  return new Promise((resolve, reject) => {
    const abort = () =>
      reject(new DOMException("The operation was aborted", { name: "AbortError", cause: signal.reason }));
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    start(resolve);
  });
}

function installRandomness(): void {
  Math.random = () => virtualGlobals.getStore()?.random() ?? real.random();
  const require = createRequire(import.meta.url);
  const nodeCrypto = require("node:crypto") as typeof import("node:crypto");
  const web = globalThis.crypto;
  const realCrypto = {
    randomUUID: nodeCrypto.randomUUID,
    randomBytes: nodeCrypto.randomBytes,
    randomInt: nodeCrypto.randomInt,
    randomFillSync: nodeCrypto.randomFillSync,
    webUuid: web.randomUUID.bind(web),
    webValues: web.getRandomValues.bind(web),
  };
  web.randomUUID = () => {
    const here = virtualGlobals.getStore();
    return here ? uuid(here) : realCrypto.webUuid();
  };
  web.getRandomValues = ((array: Uint8Array) => {
    const here = virtualGlobals.getStore();
    return here ? fill(here, array) : realCrypto.webValues(array as Uint8Array<ArrayBuffer>);
  }) as typeof web.getRandomValues;

  const { randomUUID, randomBytes, randomInt, randomFillSync } = realCrypto;
  Object.assign(nodeCrypto, {
    randomUUID: (...args: Parameters<typeof randomUUID>) => {
      const here = virtualGlobals.getStore();
      return here ? uuid(here) : randomUUID(...args);
    },
    randomBytes: (size: number, callback?: (error: Error | null, bytes: Buffer) => void) => {
      const here = virtualGlobals.getStore();
      if (!here) return callback ? randomBytes(size, callback) : randomBytes(size);
      const bytes = fill(here, Buffer.alloc(size));
      if (!callback) return bytes;
      here.setImmediate(() => callback(null, bytes));
    },
    randomInt: (...args: [number, ...unknown[]]) => {
      const here = virtualGlobals.getStore();
      if (!here) return (randomInt as (...a: unknown[]) => number)(...args);
      const [low, high] = typeof args[1] === "number" ? [args[0], args[1]] : [0, args[0]];
      const drawn = low + Math.floor(here.random() * (high - low));
      const callback = args.at(-1);
      if (typeof callback !== "function") return drawn;
      here.setImmediate(() => callback(undefined, drawn));
    },
    randomFillSync: (array: Uint8Array, ...args: number[]) => {
      const here = virtualGlobals.getStore();
      return here
        ? fill(here, array)
        : (randomFillSync as (a: Uint8Array, ...b: number[]) => Uint8Array)(array, ...args);
    },
  });
}

function fill<A extends ArrayBufferView>(here: VirtualGlobals, array: A): A {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(here.random() * 256);
  return array;
}

/** RFC 9562, version 4 */
function uuid(here: VirtualGlobals): `${string}-${string}-${string}-${string}-${string}` {
  const bytes = fill(here, Buffer.alloc(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
