import { createHook } from "node:async_hooks";
import { placeHere } from "./places.ts";
import { type VirtualGlobals, virtualGlobals } from "./virtual-globals.ts";

/**
 * Simulated code must not wait for anything real: how long that takes is not in the seed. What would is noticed when
 * it begins, by the kind of asynchronous resource that Node creates for it.
 */

/** kind of resource, as async_hooks names it -> what was used, and what to use instead */
const ESCAPES: [kinds: RegExp, used: string, instead: string][] = [
  [
    /^(FS|STATWATCHER|DIRHANDLE|FILEHANDLE)/,
    "the file system",
    "read files at build time, and let the bundler include them",
  ],
  [/^(GETADDRINFO|GETNAMEINFO|DNS|QUERY)/, "DNS", "the global fetch, which needs no look-up"],
  [/^(TCP|TLS|PIPE|UDP|HTTP|SHUTDOWN|WRITEWRAP|JSSTREAM)/, "a socket", "the global fetch"],
  [
    /^(PBKDF2|SCRYPT|HASH|SIGN|VERIFY|CIPHER|DERIVE|KEY|RANDOM|CHECKPRIME|SECUREPAIR|ARGON)/,
    "asynchronous crypto",
    "the synchronous functions of node:crypto",
  ],
  [/^(ZLIB|BROTLI|ZSTD)/, "asynchronous compression", "the synchronous functions of node:zlib"],
  [
    /^(PROCESSWRAP|WORKER|MESSAGEPORT|INSPECTOR|SIGNALWRAP)/,
    "another process or thread",
    "a handler, or an external system",
  ],
  [/^(Timeout|TIMERWRAP)$/, "a timer that cannot be simulated", "the global setTimeout"],
];

/** Code of a simulated process used something that cannot be simulated: an error of the subject, not of a run. */
export class EscapeError extends Error {
  override name = "EscapeError";
  /** it may be only a part of another escape, which says more: a socket, for example, sets timers */
  readonly isVague: boolean;

  constructor(message: string, isVague = false) {
    super(message);
    this.isVague = isVague;
  }
}

/** What notices the escapes of simulated code, while it is enabled. */
export class EscapeGuard {
  readonly #hook: { enable(): unknown; disable(): unknown };

  /** @param escaped is told whose code it was, and how */
  constructor(escaped: (who: VirtualGlobals, error: EscapeError) => void) {
    const init = (_id: number, kind: string): void => {
      const who = virtualGlobals.getStore();
      if (!who) return;
      const escape = ESCAPES.find(([kinds]) => kinds.test(kind));
      if (!escape) return;
      const [, used, instead] = escape;
      const message = `a service uses ${used} (${kind}), which cannot be simulated${whereFrom()}. Instead: ${instead}`;
      escaped(who, new EscapeError(message, kind === "Timeout"));
    };
    // promises are many, and never an escape by themselves
    this.#hook = createHook({ init, trackPromises: false });
  }

  enable(): void {
    this.#hook.enable();
  }
  disable(): void {
    this.#hook.disable();
  }
}

/** " (at src/sagas/booking.ts:12)": the place of the services that is on the stack; nothing when there is none. */
function whereFrom(): string {
  const place = placeHere();
  return place === undefined ? "" : ` (at ${place})`;
}
