import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { type Relays, TcpProxy } from "./tcp-proxy.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server that answers every chunk in capitals, and says "bye" when the client has said its last. */
async function shouter(): Promise<{ server: Server; port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => socket.write(chunk.toString().toUpperCase()));
    socket.on("end", () => socket.end("bye"));
  });
  const port = await listen(server);
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { server, port, sockets };
}
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
async function proxyTo(port: () => number, relays?: () => Relays): Promise<TcpProxy> {
  const proxy = new TcpProxy(() => ({ port: port(), host: "127.0.0.1" }), relays);
  await proxy.listen();
  closing.push(() => proxy.close());
  return proxy;
}
async function client(proxy: TcpProxy): Promise<Socket> {
  const socket = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  closing.push(async () => socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}
const answer = async (socket: Socket): Promise<string> => String((await once(socket, "data"))[0]);
const failure = async (socket: Socket): Promise<string> =>
  new Promise((resolve) => socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "")));

test("what is said passes both ways, and so do the ends", async () => {
  const { port } = await shouter();
  const socket = await client(await proxyTo(() => port));
  socket.write("hello");
  expect(await answer(socket)).toBe("HELLO");
  socket.end();
  expect(await text(socket)).toBe("bye");
});

test("a cut breaks what is open for both sides, and new connections work", async () => {
  const { port, sockets } = await shouter();
  const proxy = await proxyTo(() => port);
  const socket = await client(proxy);
  socket.write("hello");
  await answer(socket);
  const [serverSide] = sockets;
  if (!serverSide) throw new Error("no connection arrived");
  const gone = once(serverSide, "close");
  const failed = failure(socket);
  proxy.cut();
  expect(await failed).toBe("ECONNRESET");
  await gone;
  const next = await client(proxy);
  next.write("again");
  expect(await answer(next)).toBe("AGAIN");
});

test("through a black hole nothing passes and nothing ends; restored, it passes in order", async () => {
  const { port, sockets } = await shouter();
  const proxy = await proxyTo(() => port);
  const socket = await client(proxy);
  socket.write("a");
  await answer(socket);
  proxy.blackHole();
  const heard: string[] = [];
  sockets[0]?.on("data", (chunk) => heard.push(String(chunk)));
  socket.write("b");
  const newcomer = await client(proxy);
  newcomer.write("x");
  // another way to the server is open all the while: what it was told last is what it would have been told after "b"
  const direct = connect(port, "127.0.0.1");
  closing.push(async () => direct.destroy());
  direct.write("direct");
  expect(await answer(direct)).toBe("DIRECT");
  expect(heard).toEqual([]);
  proxy.restore();
  expect([await answer(socket), await answer(newcomer)]).toEqual(["B", "X"]);
});

test("while the server is away a client is reset, and when it is back on another port it is served", async () => {
  const gone = await shouter();
  await new Promise((resolve) => gone.server.close(resolve));
  let port = gone.port;
  const proxy = await proxyTo(() => port);
  const socket = await client(proxy);
  expect(await failure(socket)).toBe("ECONNRESET");
  ({ port } = await shouter());
  const next = await client(proxy);
  next.write("hello");
  expect(await answer(next)).toBe("HELLO");
});

test("a relay sees each direction and may hold, change and cut", async () => {
  const { port } = await shouter();
  let release = () => {};
  const proxy = new TcpProxy(
    () => ({ port, host: "127.0.0.1" }),
    (connection) => ({
      toServer: async (chunk, pass) => {
        if (String(chunk) === "cut") return connection.cut();
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        pass(chunk);
      },
      toClient: (chunk, pass) => pass(Buffer.from(`${connection.number} ${chunk}`)),
    }),
  );
  await proxy.listen();
  closing.push(() => proxy.close());
  const socket = await client(proxy);
  socket.write("held");
  const heard = answer(socket);
  expect(await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, 30, "nothing"))])).toBe("nothing");
  release();
  expect(await heard).toBe("1 HELD");
  const failed = failure(socket);
  socket.write("cut");
  expect(await failed).toBe("ECONNRESET");
});
