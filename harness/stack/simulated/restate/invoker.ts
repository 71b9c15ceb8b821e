import { type Content, decode, type Frame, frameOf, isCommand, MessageType } from "../../../protocol/index.ts";
import { chance, hash } from "../chance.ts";
import { type Network, Stream } from "../network/stream.ts";
import type { Endpoints } from "../processes/endpoints.ts";
import { placeOf } from "../processes/places.ts";
import type { Timer } from "../scheduler.ts";
import { flawOfIds, unknownMessage } from "./commands.ts";
import type { Invocation } from "./invocation.ts";
import type { Invoker as InvokerOfProcessor, PartitionProcessor } from "./partition-processor.ts";

/** docs.restate.dev/services/configuration: how long an invocation waits before its next attempt, in milliseconds. */
export interface RetryPolicy {
  initialInterval: number;
  factor: number;
  maxInterval: number;
}

export interface InvokerOptions {
  seed: number;
  retry: RetryPolicy;
  /** the chance that an attempt is not told anything after the replay, as in request/response mode: it must suspend */
  suspend: number;
  /** no state is sent along, as if it were too large */
  lazyState: boolean;
}

/** how often the journal is read a moment after an attempt has begun: then it may hold more */
const LATE_READS = 0.25;

type CallType = typeof MessageType.Call | typeof MessageType.OneWayCall;

/** One attempt, as the server sees it. */
interface RunningAttempt {
  stream: Stream;
  /** it is told nothing any more */
  inputClosed: boolean;
  /** its first message is not made yet: it will tell all that is in the journal then */
  isReplayPending: boolean;
  /** something was stored meanwhile: the attempt is to be told, although it is also in what is replayed */
  notificationPending: boolean;
  /** it will be broken off soon */
  abortScheduled: boolean;
  /** when something was last sent or received */
  lastActivity: number;
  idle: Timer | undefined;
}

/**
 * Runs attempts: opens a stream to the endpoint, replays the journal, passes on what arrives on either side, and tries
 * again when an attempt fails.
 * docs.restate.dev/references/architecture, "Failures and retries"
 */
export class Invoker implements InvokerOfProcessor {
  readonly #network: Network;
  readonly #endpoints: Endpoints;
  readonly #options: InvokerOptions;
  readonly #running = new Map<Invocation, RunningAttempt>();
  /** by id: an invocation whose record is gone may be made again */
  readonly #attempts = new Map<string, number>();
  processor!: PartitionProcessor;
  #up = true;

  constructor(network: Network, endpoints: Endpoints, options: InvokerOptions) {
    this.#network = network;
    this.#endpoints = endpoints;
    this.#options = options;
  }

  isRunning(invocation: Invocation): boolean {
    return this.#running.has(invocation);
  }

  start(invocation: Invocation): void {
    if (!this.#up) return; // it is started when the server is up again
    const number = (this.#attempts.get(invocation.id.text) ?? 0) + 1;
    this.#attempts.set(invocation.id.text, number);
    invocation.attempts = number;
    const name = `${invocation.name}#${number}`;
    const { handler, id, key } = invocation;
    const attempt = {
      invocation: id.text,
      service: handler.service,
      handler: handler.name,
      number,
      ...(key !== undefined && { key }),
    };
    const stream = new Stream(this.#network, this.#endpoints.current, attempt, name, {
      message: (frame) => this.#receive(invocation, running, frame),
      refused: (status) => this.#failed(invocation, running, `the endpoint answered ${status}`),
      closed: (how) => this.#closed(invocation, running, how),
    });
    const running: RunningAttempt = {
      stream,
      inputClosed: false,
      isReplayPending: false,
      notificationPending: false,
      abortScheduled: false,
      lastActivity: 0,
      idle: undefined,
    };
    this.#running.set(invocation, running);
    if (chance(this.#options.seed, `reads ${name}`) < LATE_READS) {
      running.isReplayPending = true;
      this.#network.scheduler.link(`${name} reads its journal`, `${name} reads`).send("", () => {
        if (this.#running.get(invocation) === running) this.#begin(invocation, running, name);
      });
    } else this.#begin(invocation, running, name);
  }

  /** What is stored until then, is replayed. */
  #begin(invocation: Invocation, running: RunningAttempt, name: string): void {
    // what has woken it may be told to it once more, late
    if (running.isReplayPending && !isCommand(invocation.journal.at(-1)!.type)) running.notificationPending = true;
    running.isReplayPending = false;
    running.stream.send(this.#replay(invocation));
    const mustSuspend = chance(this.#options.seed, `suspend ${name}`) < this.#options.suspend;
    if (mustSuspend || invocation.handler.inactivityTimeout === 0) this.#silence(running);
    if (running.inputClosed && running.notificationPending) this.#restart(invocation, running);
    this.#active(invocation, running);
  }

  forward(invocation: Invocation, entry: Frame): void {
    const running = this.#running.get(invocation);
    if (!running) return;
    if (running.isReplayPending) {
      running.notificationPending = true;
      return;
    }
    if (running.inputClosed) {
      this.#restart(invocation, running);
      return;
    }
    running.stream.send([entry]);
    this.#active(invocation, running);
  }

  /**
   * There is something to tell to an attempt that is told nothing any more: soon it is broken off, unless it ends
   * before, and the next one begins at once. What it has not had stored is lost, and steps under way run again.
   */
  #restart(invocation: Invocation, running: RunningAttempt): void {
    if (running.abortScheduled) return;
    running.abortScheduled = true;
    const name = `${invocation.name}#${invocation.attempts} is broken off: there is something to tell`;
    this.#network.scheduler.link(name, name).send(name, () => {
      const now = this.#running.get(invocation);
      // it may be the next one already, which knows
      if (now?.isReplayPending) now.notificationPending = true;
      else if (now?.inputClosed) {
        this.abort(invocation);
        this.start(invocation);
      }
    });
  }

  abort(invocation: Invocation): void {
    const running = this.#forget(invocation);
    running?.stream.abort();
  }

  /** The server died: so did all its streams. */
  crash(): void {
    this.#up = false;
    for (const invocation of [...this.#running.keys()]) this.abort(invocation);
  }
  recover(): void {
    this.#up = true;
  }

  /** The first message and the journal. docs: the service protocol, "StartMessage" */
  #replay(invocation: Invocation): Frame[] {
    const { handler, object, journal } = invocation;
    const isLazy = object === undefined || handler.lazyState || this.#options.lazyState;
    const state = isLazy ? [] : this.processor.state.entries(object);
    const start = frameOf(MessageType.Start, {
      id: invocation.id.bytes,
      debug_id: invocation.id.text,
      known_entries: journal.length,
      state_map: state.map(([name, value]) => ({ key: Buffer.from(name), value })),
      partial_state: isLazy,
      key: invocation.key ?? "",
      retry_count_since_last_stored_entry: invocation.failures,
      duration_since_last_stored_entry: Math.floor(this.#network.scheduler.now - invocation.lastStored),
      random_seed: hash(0, `random ${invocation.id.text}`),
    });
    return [start, ...journal];
  }

  #receive(invocation: Invocation, running: RunningAttempt, frame: Frame): void {
    if (this.#running.get(invocation) !== running) return; // a superseded attempt
    switch (frame.type) {
      case MessageType.ProposeRunCompletion:
        this.#propose(invocation, running, decode(MessageType.ProposeRunCompletion, frame.body));
        break;
      case MessageType.Suspension:
        this.#release(invocation, running);
        this.processor.suspend(invocation, decode(MessageType.Suspension, frame.body));
        break;
      case MessageType.End:
        this.#release(invocation, running);
        this.processor.end(invocation);
        break;
      case MessageType.Error: {
        const { code, message, stacktrace, next_retry_delay } = decode(MessageType.Error, frame.body);
        this.#failed(invocation, running, `${code} ${message.split("\n")[0]}`, next_retry_delay);
        const { now, trace } = this.#network.scheduler;
        const place = trace.hasReader ? placeOf(stacktrace) : undefined;
        if (place !== undefined) trace.note(now, `  thrown at ${place}`);
        break;
      }
      default:
        this.#command(invocation, running, frame);
    }
  }

  /** What a `ctx.run` has come to: it counts once it is stored, and then the endpoint is told. */
  #propose(invocation: Invocation, running: RunningAttempt, proposal: Content["ProposeRunCompletion"]): void {
    const { result_completion_id, value, failure } = proposal;
    this.#active(invocation, running);
    invocation.failures = 0;
    const content = failure ? { failure } : { value: { content: value ?? new Uint8Array(0) } };
    this.processor.completeCommand(invocation, MessageType.RunCompletion, result_completion_id, content);
  }

  #command(invocation: Invocation, running: RunningAttempt, frame: Frame): void {
    if (!isCommand(frame.type)) throw unknownMessage(frame.type, this.processor.surface.sdkVersion);
    const why = this.#unknownTarget(frame) ?? flawOfIds(frame);
    if (why) {
      this.#failed(invocation, running, why);
      // the server lets go of the stream: what the endpoint answers to its end may be lost
      if (chance(this.#options.seed, `drops ${invocation.name}#${invocation.attempts}`) < 0.5) running.stream.abort();
      return;
    }
    this.#active(invocation, running);
    this.processor.apply(invocation, frame);
    // bit 15 of the flags: the endpoint wants to know that it is stored
    if (frame.flags & 0x8000) {
      running.stream.send([frameOf(MessageType.CommandAck, { command_index: invocation.commands - 1 })]);
    }
  }

  /** A call to what is not registered fails the attempt: it may be registered later. */
  #unknownTarget(frame: Frame): string | undefined {
    if (frame.type !== MessageType.Call && frame.type !== MessageType.OneWayCall) return undefined;
    const { service_name, handler_name } = decode<CallType>(frame.type, frame.body);
    const isKnown = this.processor.surface.handlers.find(service_name, handler_name) !== undefined;
    return isKnown ? undefined : `404 there is no handler ${service_name}/${handler_name}`;
  }

  /** The attempt has said its last word: the server closes its side, and the endpoint will close its own. */
  #release(invocation: Invocation, running: RunningAttempt): void {
    this.#forget(invocation);
    running.stream.halfClose();
  }

  #failed(invocation: Invocation, running: RunningAttempt, why: string, delay?: number): void {
    if (this.#running.get(invocation) !== running) return;
    this.#release(invocation, running);
    this.#retry(invocation, why, delay);
  }

  /** The stream is over without a last word. */
  #closed(invocation: Invocation, running: RunningAttempt, how: "ended" | "broken"): void {
    if (this.#running.get(invocation) !== running) return;
    this.#forget(invocation);
    this.#retry(invocation, how === "broken" ? "the connection was lost" : "the stream ended without a last message");
  }

  #retry(invocation: Invocation, why: string, delay?: number): void {
    const { initialInterval, factor, maxInterval } = this.#options.retry;
    const { scheduler } = this.#network;
    const interval = Math.min(maxInterval, initialInterval * factor ** invocation.failures);
    invocation.failures++;
    invocation.lastFailure = why;
    const { attempts, name } = invocation;
    scheduler.trace.note(scheduler.now, `${name}#${attempts} failed: ${why}`);
    scheduler.at(scheduler.now + (delay ?? interval), name, `${name} is tried again`, () => {
      if (invocation.status === "invoked" && invocation.attempts === attempts) this.start(invocation);
    });
  }

  #forget(invocation: Invocation): RunningAttempt | undefined {
    const running = this.#running.get(invocation);
    running?.idle?.cancel();
    this.#running.delete(invocation);
    return running;
  }

  #silence(running: RunningAttempt): void {
    running.inputClosed = true;
    running.stream.halfClose();
  }

  /**
   * An attempt that waits for long is asked to suspend, and broken off when it does not.
   * docs.restate.dev/services/configuration, "Timeouts"
   */
  #active(invocation: Invocation, running: RunningAttempt): void {
    running.lastActivity = this.#network.scheduler.now;
    if (!running.idle) this.#watch(invocation, running);
  }

  /** One timer at a time watches an attempt: when it fires too early, because something has passed, it is set again. */
  #watch(invocation: Invocation, running: RunningAttempt): void {
    const { scheduler } = this.#network;
    const { inactivityTimeout, abortTimeout } = invocation.handler;
    const inactivityLimit = running.inputClosed ? inactivityTimeout + abortTimeout : inactivityTimeout;
    running.idle = scheduler.at(running.lastActivity + inactivityLimit, invocation.name, "", () => {
      if (this.#running.get(invocation) !== running) return;
      if (running.lastActivity + inactivityLimit <= scheduler.now) {
        scheduler.log(
          `${invocation.name} ${running.inputClosed ? "does not suspend: it is broken off" : "is asked to suspend"}`,
        );
        if (running.inputClosed) return running.stream.break();
        this.#silence(running);
      }
      this.#watch(invocation, running);
    });
  }
}
