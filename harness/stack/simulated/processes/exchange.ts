import { type Frame, Framer } from "../../../protocol/index.ts";

/** What the endpoint does to an exchange. */
export interface ExchangeListener {
  /** the endpoint's answer begins, with an HTTP status */
  head(status: number): void;
  frames(frames: Frame[]): void;
  /** the endpoint has closed its side; `whole`: of a stream that was not broken */
  end(whole: boolean): void;
}

/**
 * The endpoint's side of one HTTP/2 stream from Restate: what `node:http2` would hand to the SDK's handler, a request
 * that is read as an async iterable and a response that is written to, in memory.
 */
export class Exchange {
  readonly #url: string;
  readonly #invocation: string;
  /** let go when the exchange is over: the SDK may hold on to the rest for long */
  #listener: ExchangeListener | undefined;
  readonly #framer = new Framer();
  #chunks: Uint8Array[] = [];
  #inputClosed = false;
  #broken: Error | undefined;
  #reader: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #onClose: (() => void)[] = [];
  ended = false;

  constructor(url: string, invocation: string, listener: ExchangeListener) {
    this.#url = url;
    this.#invocation = invocation;
    this.#listener = listener;
  }

  /** Http2ServerRequest, as far as the SDK looks at it. */
  get request(): object {
    return {
      url: this.#url,
      httpVersionMajor: 2,
      headers: {
        "content-type": "application/vnd.restate.invocation.v6",
        "x-restate-invocation-id": this.#invocation,
      },
      once: (_event: "close", listener: () => void) => void this.#onClose.push(listener),
      [Symbol.asyncIterator]: () => ({ next: () => this.#read() }),
    };
  }

  /** Http2ServerResponse, as far as the SDK looks at it. */
  get response(): object {
    return {
      writeHead: (status: number) => this.#listener?.head(status),
      once: () => {},
      write: (chunk: Uint8Array, done: (error?: Error) => void) => {
        if (this.#broken) return done(Object.assign(new Error("the stream is gone"), { name: "AbortError" }));
        const frames = this.#framer.push(chunk);
        if (frames.length > 0) this.#listener?.frames(frames);
        queueMicrotask(done);
      },
      end: (done: () => void) => {
        if (!this.ended) {
          this.ended = true;
          this.#listener?.end(!this.#broken);
          this.#closed();
        }
        queueMicrotask(done);
      },
    };
  }

  // what comes from Restate; to be called on the process

  push(bytes: Uint8Array): void {
    if (this.#inputClosed || this.#broken) return;
    this.#chunks.push(bytes);
    this.#wake();
  }

  /** Restate has nothing more to say. */
  closeInput(): void {
    this.#inputClosed = true;
    this.#wake();
  }

  /** The stream was reset, and the endpoint notices. */
  reset(): void {
    if (this.#broken || this.ended) return;
    this.#broken = Object.assign(new Error("stream reset"), { code: "ERR_HTTP2_STREAM_ERROR" });
    this.#wake();
    this.#closed();
  }

  /** Lets the SDK drop what it holds for this exchange outside of the process. */
  #closed(): void {
    for (const listener of this.#onClose.splice(0)) listener();
    if (this.ended) this.#listener = undefined;
  }
  /** The process is gone. */
  abandon(): void {
    this.#closed();
    this.#listener = undefined;
  }

  #read(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#chunks.shift();
    if (value) return Promise.resolve({ done: false, value });
    if (this.#broken) return Promise.reject(this.#broken);
    if (this.#inputClosed) return Promise.resolve({ done: true, value: undefined });
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  #wake(): void {
    const reader = this.#reader;
    if (!reader) return;
    this.#reader = undefined;
    this.#read().then(reader.resolve, reader.reject);
  }
}
