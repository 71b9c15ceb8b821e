import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FROM_HEADER } from "../headers.ts";
import type { ExternalAnswer, ExternalRequest } from "../stack.ts";

/** The door by which service processes reach the external systems, which live in the runner's process. */
export class ExternalServer {
  readonly #server: Server;

  /** `answer` decides what happens to a request; "lost" closes its connection without an answer. */
  constructor(answer: (request: ExternalRequest) => Promise<ExternalAnswer | "lost">) {
    this.#server = createServer((request, response) => void this.#serve(answer, request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve());
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #serve(
    answer: (request: ExternalRequest) => Promise<ExternalAnswer | "lost">,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // the caller died while it was sending
    }
    const { [FROM_HEADER]: from, ...headers } = request.headers as Record<string, string>;
    const source = /^(.+)\/(\d+)$/.exec(from ?? "");
    const answered = await answer({
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers,
      body: Buffer.concat(chunks).toString(),
      ...(source && { from: { invocation: source[1]!, attempt: Number(source[2]) } }),
    });
    if (answered === "lost") return void request.socket.destroy();
    const head = { "content-type": "application/json", ...answered.headers };
    response.writeHead(answered.status, head).end(answered.body);
  }
}
