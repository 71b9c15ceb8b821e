import type { Attempt, ProcessDeath } from "../../stack.ts";
import { Scheduler } from "../scheduler.ts";

/** What a process runs on: its clock, its network, and who is told when it cannot go on. */
export interface Host {
  readonly seed: number;
  readonly scheduler: Scheduler;
  /** milliseconds since the epoch */
  wallClock(): number;
  /** An HTTP request leaves a process; `answer` is to be called at most once, from an event. */
  request(from: RequestOrigin, request: OutgoingRequest, answer: (answer: HttpAnswer | Error) => void): void;
  /** A process has died of its own doing. */
  died(death: ProcessDeath): void;
  /** The run cannot go on. */
  fail(error: unknown): void;
}

/** What is left of a host when the run is over: stragglers may look at the clock. */
export function remainsOf(host: Host): Host {
  const { seed, scheduler } = host;
  const wallClock = host.wallClock();
  const still = new Scheduler(scheduler.strategy, scheduler.trace);
  still.now = scheduler.now;
  return { seed, scheduler: still, wallClock: () => wallClock, request: () => {}, died: () => {}, fail: () => {} };
}

/** Who sends a request. */
export interface RequestOrigin {
  /** whose progress it is */
  readonly actor: string;
  readonly attempt: Attempt | undefined;
  /** requests that are on their way out of the process, by name, and how to lose them: some are lost when it dies */
  readonly process: { readonly leaving: Map<string, () => void> };
}

/** The other end of a connection to a process. */
export interface Connection {
  /** The connection breaks: the other end is told at once, the process some time later. */
  break(): void;
  /** The process has died: what it had sent before may still arrive. */
  died(): void;
}

export interface OutgoingRequest {
  /** stable: what becomes of it hangs on it */
  name: string;
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: string;
}
export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}
