import { readFileSync, rmSync } from "node:fs";
import type { ReaperEvent } from "./reaper.ts";

/** How a process ended. */
export interface Ending {
  /** "exit code 1", "signal SIGKILL" */
  how: string;
  /** whether it ended because we wanted it */
  expected: boolean;
  /** the last lines that it wrote, but for stack traces */
  output: string;
}

/** How many lines of each of its outputs are kept of a process, for an error's message. */
const LINES = 5;

/** @param code the exit code, when no signal ended it */
export const howEnded = (code: number | null, signal: string | null): string =>
  signal === null ? `exit code ${code}` : `signal ${signal}`;

/** The last lines of a text but for stack traces. */
export function lastLines(text: string): string {
  const lines = text.split("\n").filter((line) => !/^\s*(at .*|Node\.js v.*)?$/.test(line));
  return lines.slice(-LINES).join("\n");
}

/** A process that the reaper runs for us. */
export class ManagedProcess {
  readonly #log: string;
  readonly #onLine: (line: string) => boolean;
  readonly #send: (signal: NodeJS.Signals, done: Promise<void>) => void;
  readonly #spawned = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<Ending>();
  /** one for each signal that is on its way, in their order */
  readonly #signalled: (() => void)[] = [];
  readonly #lines: string[] = [];
  #pid = 0;
  #alive = true;
  #expected = false;

  /**
   * @param log where its errors go
   * @param onLine called with each line that it prints; answers whether the line was meant for us
   * @param send sends a signal; `done` settles when that is confirmed
   */
  constructor(
    log: string,
    onLine: (line: string) => boolean,
    send: (signal: NodeJS.Signals, done: Promise<void>) => void,
  ) {
    this.#log = log;
    this.#onLine = onLine;
    this.#send = send;
  }

  /** 0 until it has been started */
  get pid(): number {
    return this.#pid;
  }
  get alive(): boolean {
    return this.#alive;
  }
  /** settles when it has started; rejects when it could not be */
  get spawned(): Promise<void> {
    return this.#spawned.promise;
  }
  /** settles when it has ended */
  get ended(): Promise<Ending> {
    return this.#ended.promise;
  }

  /** The last lines that it has written, but for stack traces. */
  output(): string {
    let errors = "";
    try {
      errors = lastLines(readFileSync(this.#log, "utf8"));
    } catch {
      // the folder is gone, or it never wrote
    }
    return [...this.#lines, ...(errors === "" ? [] : [errors])].join("\n");
  }

  /** Settles when it has been sent, or when there is nobody any more to send it to. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    if (!this.#alive) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#signalled.push(resolve);
    this.#send(signal, promise);
    await promise;
  }

  /** SIGKILL, and waits for its end. */
  async kill(): Promise<void> {
    this.#expected = true;
    await this.signal("SIGKILL");
    if (this.#alive) await this.ended;
  }

  /** What the reaper has to say of it. */
  receive(event: ReaperEvent): void {
    switch (event.type) {
      case "spawned":
        this.#pid = event.pid;
        this.#spawned.resolve();
        break;
      case "line":
        if (this.#onLine(event.line)) break;
        this.#lines.push(event.line);
        if (this.#lines.length > LINES) this.#lines.shift();
        break;
      case "signalled":
        this.#signalled.shift()?.();
        break;
      case "exited":
        this.end(howEnded(event.code, event.signal));
    }
  }

  /** It has ended. Idempotent. @param expected whether we wanted it to, if that is known otherwise */
  end(how: string, expected = this.#expected): void {
    if (!this.#alive) return;
    this.#alive = false;
    const output = this.output();
    for (const resolve of this.#signalled.splice(0)) resolve();
    this.#ended.resolve({ how, expected, output });
    this.#spawned.reject(new Error(`it did not start: ${how}`));
    // every fault that kills makes a log
    if (expected) rmSync(this.#log, { force: true });
  }
}
