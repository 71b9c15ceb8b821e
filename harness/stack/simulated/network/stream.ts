import { decode, type Frame, MessageType, messageName } from "../../../protocol/index.ts";
import type { Attempt, Decision, Gate, Message } from "../../stack.ts";
import { chance } from "../chance.ts";
import { Exchange } from "../processes/exchange.ts";
import { ExecutionContext } from "../processes/execution-context.ts";
import type { Connection } from "../processes/host.ts";
import type { SimulatedProcess } from "../processes/process.ts";
import type { Link, Scheduler } from "../scheduler.ts";

/** What Restate learns of a stream that it has opened. */
export interface StreamListener {
  /** the endpoint answers with an HTTP status other than 200: there will be no messages */
  refused(status: number): void;
  message(frame: Frame): void;
  /** the stream is over, because the endpoint ended it or because it broke */
  closed(how: "ended" | "broken"): void;
}

export interface Network {
  readonly scheduler: Scheduler;
  readonly gate: Gate | undefined;
}

/** how soon a message must follow another to be read together with it, in milliseconds */
const READ_TOGETHER_MS = 1;

const LAST_MESSAGES: ReadonlySet<number> = new Set([MessageType.End, MessageType.Error, MessageType.Suspension]);

/**
 * The HTTP/2 stream of one attempt, from Restate to a process: two links, on which every message passes the gate before
 * and after it is delivered. When it breaks, Restate knows at once, and the process some time later.
 */
export class Stream implements Connection {
  readonly attempt: Attempt;
  readonly process: SimulatedProcess;
  readonly #name: string;
  readonly #network: Network;
  readonly #listener: StreamListener;
  readonly #exchange: Exchange;
  readonly #context: ExecutionContext;
  readonly #down: Channel;
  readonly #up: Channel;
  #arrived = false;
  #closed = false;
  #clean = false;

  /** @param name stable, e.g. "o3#1" */
  constructor(network: Network, process: SimulatedProcess, attempt: Attempt, name: string, listener: StreamListener) {
    this.#network = network;
    this.#listener = listener;
    this.#name = name;
    this.process = process;
    this.attempt = attempt;
    const { scheduler } = network;
    const context = new ExecutionContext(process, name, attempt);
    this.#context = context;
    const { actor } = context;
    this.#down = new Channel(this, network, "to-endpoint", scheduler.link(`${name} down`, actor), `${name} <`);
    this.#up = new Channel(this, network, "to-server", scheduler.link(`${name} up`, actor), `${name} >`);
    this.#exchange = new Exchange(`/invoke/${attempt.service}/${attempt.handler}`, attempt.invocation, {
      head: (status) => status !== 200 && this.#up.link.send(`${name} > status ${status}`, () => this.#refused(status)),
      frames: (frames) => {
        for (const frame of frames) this.#up.send([frame]);
      },
      end: (whole) => {
        process.finished(this.#exchange);
        if (whole) this.#up.link.send("", () => this.#ended());
      },
    });
    process.streams.add(this);
    network.gate?.opened(attempt);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Restate sends messages. */
  send(frames: Frame[]): void {
    this.#down.send(frames);
  }

  /** Restate has nothing more to say: what waits for more must suspend. */
  halfClose(): void {
    this.#down.close();
  }

  /** The stream breaks; Restate is told. */
  break(): void {
    if (this.#closed) return;
    this.abort();
    this.#listener.closed("broken");
  }

  /** The process has died. What it had sent is lost, or arrives before the break is noticed, as chance has it. */
  died(): void {
    if (chance(this.process.host.seed, `${this.#name} is lost`) < 0.5) this.break();
    else this.#up.link.send("", () => this.break());
  }

  /** Restate breaks the stream. */
  abort(): void {
    if (this.#closed) return;
    this.#down.link.cut();
    this.#up.link.cut();
    const { scheduler } = this.#network;
    const context = this.#context;
    const reset = () => this.process.enter(context, () => this.#exchange.reset());
    if (this.process.alive)
      scheduler.link(`${context.name} reset`, context.actor).send(`${context.name} < reset`, reset);
    this.#over();
  }

  /** What the gate decided. */
  obey(how: Exclude<Decision, undefined>): void {
    this.#network.scheduler.log(`${this.#name} CUT: ${how}`);
    if (how === "reset") this.break();
    else this.process.breakStreams();
  }

  // what the channels do at their ends

  /** At the endpoint. */
  deliver(chunks: Uint8Array[], close = false): void {
    const exchange = this.#exchange;
    this.process.enter(this.#context, () => {
      if (!this.#arrived) {
        this.#arrived = true;
        this.process.exchanges.set(exchange, this.#context);
        this.process.services.handle(exchange.request, exchange.response);
      }
      for (const chunk of chunks) exchange.push(chunk);
      if (close) exchange.closeInput();
    });
  }

  /** At Restate. */
  arrive(frame: Frame): void {
    if (LAST_MESSAGES.has(frame.type)) this.#clean = true;
    this.#listener.message(frame);
  }

  #refused(status: number): void {
    if (this.#closed) return;
    this.#over();
    this.#listener.refused(status);
  }

  #ended(): void {
    if (this.#closed) return;
    this.#over();
    this.#listener.closed("ended");
  }

  #over(): void {
    this.#closed = true;
    this.process.streams.delete(this);
    this.#network.gate?.closed(this.attempt, this.#clean);
  }
}

/** One direction of a stream. Messages pass in order, each only when the gate has let it. */
class Channel {
  readonly link: Link;
  readonly #stream: Stream;
  readonly #network: Network;
  readonly #direction: Message["direction"];
  readonly #label: string;
  #count = 0;
  /** the one that the gate was last asked about */
  #message: Message | undefined;
  /** towards the endpoint: let through by the gate, not yet handed over */
  #passed: Uint8Array[] = [];

  constructor(stream: Stream, network: Network, direction: Message["direction"], link: Link, label: string) {
    this.#stream = stream;
    this.#network = network;
    this.#direction = direction;
    this.link = link;
    this.#label = label;
  }

  /** Sends messages that travel together. */
  send(frames: Frame[]): void {
    const names =
      frames.length > 3 ? `${frames.length} messages` : frames.map(({ type }) => messageName(type)).join(", ");
    this.link.send(`${this.#label} ${names}`, () => this.#pass(frames, 0));
  }

  /** Nothing more is sent, towards the endpoint. */
  close(): void {
    this.link.send("", () => this.#flush(true));
  }

  /** `step` counts the questions to the gate: two for each message. */
  #pass(frames: Frame[], first: number): void {
    for (let step = first; step < 2 * frames.length; step++) {
      const decision = this.#ask(frames[step >> 1]!, step % 2 === 0);
      if (decision instanceof Promise) {
        this.#wait(decision, frames, step);
        return;
      }
      if (!this.#follow(decision, frames, step)) return;
    }
    if (!this.#isJoined()) this.#flush();
  }

  /** What comes right behind may be read together with what is here: nothing runs in between. */
  #isJoined(): boolean {
    const { link } = this;
    if (
      this.#direction === "to-server" ||
      !link.isWaiting ||
      link.arrives > this.#network.scheduler.now + READ_TOGETHER_MS
    )
      return false;
    return this.#chance("is joined") < 0.5;
  }

  #chance(what: string): number {
    return chance(this.#stream.process.host.seed, `${this.#label} ${this.#count} ${what}`);
  }

  #ask(frame: Frame, isBefore: boolean): Decision | Promise<Decision> {
    const { gate } = this.#network;
    if (isBefore) {
      this.#record(frame);
      this.#message = this.#describe(frame, ++this.#count);
    }
    const { attempt } = this.#stream;
    return isBefore ? gate?.before(attempt, this.#message!) : gate?.after(attempt, this.#message!);
  }

  /** The gate holds a message, and what follows it. */
  #wait(decision: Promise<Decision>, frames: Frame[], step: number): void {
    // what is delivered may lie there until more has come
    const isRead = step % 2 === 0 || this.#chance("is read") < 0.5;
    if (isRead) this.#flush();
    this.link.hold();
    const { scheduler } = this.#network;
    const settled = (verdict: Decision) =>
      scheduler.soon(() => {
        if (this.#stream.closed) return;
        this.link.release();
        if (this.#follow(verdict, frames, step)) this.#pass(frames, step + 1);
      });
    decision.then(settled, () => settled(undefined));
  }

  /** What follows from an answer of the gate. False when it is the end of the stream. */
  #follow(decision: Decision, frames: Frame[], step: number): boolean {
    const frame = frames[step >> 1]!;
    const before = step % 2 === 0;
    if (this.#stream.closed) return false;
    if (decision) {
      this.#flush();
      if (before) this.#stream.obey(decision);
      else this.#obeyLater(decision);
      return false;
    }
    if (before && this.#direction === "to-endpoint") this.#passed.push(frame.bytes);
    else if (before) this.#stream.arrive(frame);
    return true;
  }

  /** What was delivered may still have an effect, in the other direction, before the break is noticed. */
  #obeyLater(decision: Exclude<Decision, undefined>): void {
    this.link.hold();
    const { scheduler } = this.#network;
    const soon = scheduler.link(`${this.#label} break`, this.link.actor);
    soon.send("", () => {
      if (!this.#stream.closed) this.#stream.obey(decision);
    });
  }

  /** Hands over what has passed, at once: nobody can tell it from one after the other. */
  #flush(close = false): void {
    if (this.#passed.length === 0 && !close) return;
    const chunks = this.#passed;
    this.#passed = [];
    this.#stream.deliver(chunks, close);
  }

  /** Content belongs to the trace, but for what is not the same in every place. */
  #record({ type, body }: Frame): void {
    const { trace } = this.#network.scheduler;
    // stack traces differ, and what an attempt waits for comes in any order
    if (type !== MessageType.Error && type !== MessageType.Suspension) trace.addBytes(body);
  }

  #describe(frame: Frame, index: number): Message {
    const { type, body } = frame;
    return { direction: this.#direction, index, type, name: messageName(type), decode: () => decode(type, body) };
  }
}
