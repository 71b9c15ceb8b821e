import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";

/** One connection through the proxy. */
export interface ProxiedConnection {
  /** counts the proxy's connections from 1 */
  readonly number: number;
  /** Breaks it for both sides, the client's with a reset. */
  cut(): void;
  /** Says something to the client in the server's place. */
  answer(bytes: Buffer): void;
}

/** What one direction of a connection makes of what arrives: it forwards with `pass`, at once or later. */
export type Relay = (chunk: Buffer, pass: (bytes: Buffer) => void) => void | Promise<void>;
export interface Relays {
  toServer: Relay;
  toClient: Relay;
}

/**
 * A TCP proxy on 127.0.0.1 that keeps its port while the server behind it dies and comes back. Its connections can be
 * cut, and it can be made a black hole: everything stays open, and nothing passes.
 *
 * A client that comes while the server is not there is reset, as by a machine on which nobody listens.
 */
export class TcpProxy {
  readonly #target: () => NetConnectOpts;
  readonly #relays: (connection: ProxiedConnection) => Relays;
  readonly #server: Server;
  readonly #connections = new Set<ProxiedConnection>();
  #passable: Promise<void> = Promise.resolve();
  #open: () => void = () => {};
  #count = 0;

  /**
   * @param target where the server is, asked anew for each connection
   * @param relays what looks at the traffic of a connection; by default it passes as it is
   */
  constructor(target: () => NetConnectOpts, relays: (connection: ProxiedConnection) => Relays = () => AS_IT_IS) {
    this.#target = target;
    this.#relays = relays;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return address.port;
  }

  /** @throws when no port is free */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", () => resolve());
    });
  }

  /** Breaks every connection that is open. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** From now on nothing passes and nothing is closed, until `restore`. */
  blackHole(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#passable = promise;
    this.#open = resolve;
  }

  /** What was held back passes, in its order. */
  restore(): void {
    this.#open();
    this.#passable = Promise.resolve();
  }

  /** Cuts what is open and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    this.restore();
    await closed;
  }

  #accept(client: Socket): void {
    const upstream = connect({ ...this.#target(), allowHalfOpen: true });
    const connection: ProxiedConnection = {
      number: ++this.#count,
      cut: () => {
        this.#connections.delete(connection);
        client.resetAndDestroy();
        upstream.destroy();
      },
      answer: (bytes) => void client.write(bytes),
    };
    const { toServer, toClient } = this.#relays(connection);
    // an end of one side that is not an orderly one is an end of both
    for (const socket of [client, upstream]) socket.on("error", connection.cut).on("close", connection.cut);
    this.#connections.add(connection);
    Promise.all([this.#forward(client, upstream, toServer), this.#forward(upstream, client, toClient)]).catch(
      connection.cut,
    );
  }

  async #forward(from: Socket, to: Socket, relay: Relay): Promise<void> {
    for await (const chunk of from) {
      await this.#passable;
      if (!Buffer.isBuffer(chunk) || to.destroyed) return;
      await relay(chunk, (bytes) => void to.write(bytes));
      if (to.writableNeedDrain) await new Promise<void>((resolve) => to.once("drain", resolve).once("close", resolve));
    }
    await this.#passable;
    to.end();
  }
}

const passOn: Relay = (chunk, pass) => pass(chunk);
const AS_IT_IS: Relays = { toServer: passOn, toClient: passOn };
