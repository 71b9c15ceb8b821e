import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { decode, type Frame, Framer, MessageType, messageName } from "../../protocol/index.ts";
import { ATTEMPT_HEADER } from "../headers.ts";
import type { Attempt, Decision, Gate, Message } from "../stack.ts";

const WINDOW = 4 * 1024 * 1024;
/** what the server needs to take a message from its socket before a reset makes it forget what it has not yet read */
const SETTLE_MS = 3;

/**
 * The frame-aware proxy between Restate and the endpoint: it takes the streams of attempts apart into messages and asks
 * the gate about each. Restate knows only the proxy's address, so the endpoint behind it can be switched.
 */
export class EndpointProxy {
  gate: Gate | undefined;
  readonly #upstreamUrl: () => string;
  readonly #server: Http2Server;
  /** for each connection from Restate, the one that continues it to the endpoint */
  readonly #sessions = new Map<ServerHttp2Session, ClientHttp2Session>();
  readonly #attempts = new Map<string, number>();

  constructor(upstreamUrl: () => string) {
    this.#upstreamUrl = upstreamUrl;
    this.#server = createServer({ settings: { initialWindowSize: WINDOW, maxConcurrentStreams: 1000 } });
    this.#server.on("session", (session) => {
      session.on("error", () => {});
      session.on("close", () => {
        this.#sessions.get(session)?.destroy();
        this.#sessions.delete(session);
      });
    });
    this.#server.on("stream", (stream, headers) => this.#accept(stream, headers));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve());
    });
  }

  /** Breaks every exchange that is open: what Restate and the endpoint see when the network between them fails. */
  cutAll(): void {
    for (const session of [...this.#sessions.keys()]) this.#destroy(session);
  }

  forget(invocations: string[]): void {
    for (const invocation of invocations) this.#attempts.delete(invocation);
  }

  close(): Promise<void> {
    this.cutAll();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #destroy(session: ServerHttp2Session): void {
    this.#sessions.get(session)?.destroy();
    this.#sessions.delete(session);
    session.destroy();
  }

  #upstream(session: ServerHttp2Session): ClientHttp2Session {
    const url = this.#upstreamUrl();
    const known = this.#sessions.get(session);
    if (known && !known.closed && !known.destroyed && upstreamOf.get(known) === url) return known;
    const upstream = connect(url, { settings: { initialWindowSize: WINDOW } });
    upstreamOf.set(upstream, url);
    upstream.on("error", () => {});
    upstream.on("connect", () => {
      if (!upstream.destroyed) upstream.setLocalWindowSize(WINDOW);
    });
    this.#sessions.set(session, upstream);
    return upstream;
  }

  #accept(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on("error", () => {});
    const session = stream.session as ServerHttp2Session | undefined;
    if (!session) return;
    const attempt = this.#attemptOf(headers);
    const forwarded: Record<string, string | string[] | undefined> = { ...headers };
    delete forwarded[":authority"];
    delete forwarded.host;
    delete forwarded.connection;
    if (attempt) forwarded[ATTEMPT_HEADER] = String(attempt.number);
    const upstream = this.#upstream(session).request(forwarded, { endStream: false });
    new Exchange(stream, upstream, attempt, this.gate, () => this.#destroy(session));
  }

  #attemptOf(headers: IncomingHttpHeaders): Attempt | undefined {
    const match = /^\/invoke\/([^/]+)\/([^/?]+)/.exec(headers[":path"] ?? "");
    if (!match) return undefined;
    const invocation = String(headers["x-restate-invocation-id"]);
    const number = (this.#attempts.get(invocation) ?? 0) + 1;
    this.#attempts.set(invocation, number);
    const key = headers["x-restate-service-key"];
    const target = { service: match[1]!, handler: match[2]! };
    // Restate encodes it, as a header must be
    return { invocation, ...target, number, ...(typeof key === "string" && { key: decodeURIComponent(key) }) };
  }
}

const upstreamOf = new WeakMap<ClientHttp2Session, string>();

/** One stream from Restate and the stream that continues it to the endpoint. */
class Exchange {
  readonly attempt: Attempt | undefined;
  readonly gate: Gate | undefined;
  readonly #down: ServerHttp2Stream;
  readonly #up: ClientHttp2Stream;
  readonly #destroySession: () => void;
  cut = false;
  #clean = false;

  constructor(
    down: ServerHttp2Stream,
    up: ClientHttp2Stream,
    attempt: Attempt | undefined,
    gate: Gate | undefined,
    destroySession: () => void,
  ) {
    this.#down = down;
    this.#up = up;
    this.attempt = attempt;
    this.gate = gate;
    this.#destroySession = destroySession;
    if (attempt) gate?.opened(attempt);
    new Channel(this, "to-endpoint", down, up);
    new Channel(this, "to-server", up, down);
    up.on("error", () => {});
    up.on("response", (headers) => {
      if (!down.destroyed && !down.headersSent) down.respond(headers);
    });
    up.on("close", () => this.#upstreamClosed());
    down.on("close", () => {
      if (!up.closed) up.close(constants.NGHTTP2_CANCEL);
      if (attempt) gate?.closed(attempt, this.#clean);
    });
  }

  /** The last message of an attempt: after it the stream may end. */
  finished(): void {
    this.#clean = true;
  }

  sever(how: Exclude<Decision, undefined>): void {
    if (this.cut) return;
    this.cut = true;
    if (how === "session") {
      this.#destroySession();
      return;
    }
    if (!this.#down.closed) this.#down.close(constants.NGHTTP2_INTERNAL_ERROR);
    if (!this.#up.closed) this.#up.close(constants.NGHTTP2_CANCEL);
  }

  /** The endpoint is gone, or it reset the stream: Restate must see that as well. */
  #upstreamClosed(): void {
    if (this.cut || this.#down.closed) return;
    if (this.#clean && this.#up.rstCode === constants.NGHTTP2_NO_ERROR) return;
    if (!this.attempt && this.#up.rstCode === constants.NGHTTP2_NO_ERROR && this.#down.headersSent) return;
    this.#down.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

const LAST_MESSAGES: ReadonlySet<number> = new Set([MessageType.End, MessageType.Error, MessageType.Suspension]);

/** One direction of an exchange. Messages pass in order, each only when the gate has let it. */
class Channel {
  readonly #exchange: Exchange;
  readonly #direction: Message["direction"];
  readonly #to: ClientHttp2Stream | ServerHttp2Stream;
  readonly #framer = new Framer();
  readonly #waiting: Frame[] = [];
  #busy = false;
  #ended = false;
  #count = 0;

  constructor(
    exchange: Exchange,
    direction: Message["direction"],
    from: ClientHttp2Stream | ServerHttp2Stream,
    to: ClientHttp2Stream | ServerHttp2Stream,
  ) {
    this.#exchange = exchange;
    this.#direction = direction;
    this.#to = to;
    const { attempt, gate } = exchange;
    from.on("data", (chunk: Buffer) => {
      if (!attempt || !gate) return void to.write(chunk);
      this.#waiting.push(...this.#framer.push(chunk));
      void this.#drain(attempt, gate);
    });
    from.on("end", () => {
      this.#ended = true;
      if (!this.#busy) this.#end();
    });
  }

  async #drain(attempt: Attempt, gate: Gate): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let frame = this.#waiting.shift(); frame; frame = this.#waiting.shift()) {
      const message = this.#message(frame);
      // most messages pass at once: no promise for them
      const before = gate.before(attempt, message);
      const verdict = before instanceof Promise ? await before : before;
      if (this.#exchange.cut) return;
      if (verdict) return this.#exchange.sever(verdict);
      if (this.#direction === "to-server" && LAST_MESSAGES.has(frame.type)) this.#exchange.finished();
      this.#deliver(frame);
      const after = gate.after(attempt, message);
      const last = after instanceof Promise ? await after : after;
      if (this.#exchange.cut) return;
      if (last) {
        await this.#settled();
        return this.#exchange.sever(last);
      }
    }
    this.#busy = false;
    if (this.#ended) this.#end();
  }

  #deliver(frame: Frame): void {
    if (!this.#to.destroyed && !this.#to.writableEnded) this.#to.write(frame.bytes);
  }

  /** Settles when the other side has had time to take what was delivered. */
  async #settled(): Promise<void> {
    if (this.#to.destroyed || this.#to.writableEnded) return;
    await new Promise<void>((resolve) => {
      this.#to.write("", () => resolve());
    });
    await sleep(SETTLE_MS);
  }

  #message(frame: Frame): Message {
    return {
      direction: this.#direction,
      index: ++this.#count,
      type: frame.type,
      name: messageName(frame.type),
      decode: () => decode(frame.type, frame.body),
    };
  }

  #end(): void {
    if (!this.#exchange.cut && !this.#to.destroyed && !this.#to.writableEnded) this.#to.end();
  }
}
