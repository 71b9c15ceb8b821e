import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool } from "undici";
import { afterEach, expect, test } from "vitest";
import { boundedRequest } from "./bounded-request.ts";

const servers: Server[] = [];
const pools: Pool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.destroy()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that leaves the first questions without an answer. */
async function deaf(times: number): Promise<{ pool: Pool; asked(): number }> {
  let asked = 0;
  const server = createServer((_, response) => {
    if (++asked > times) response.end("here");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  pools.push(pool);
  return { pool, asked: () => asked };
}

test("what was not answered is asked again, and again", async () => {
  const { pool, asked } = await deaf(2);
  const { status, text } = await boundedRequest(pool, { method: "GET", path: "/" }, "where it is", 50);
  expect([status, text, asked()]).toEqual([200, "here", 3]);
});

test("who is never answered is told so, and asks for no more than that", async () => {
  const { pool, asked } = await deaf(9);
  await expect(boundedRequest(pool, { method: "GET", path: "/" }, "where it is", 50)).rejects.toThrow(
    "restate-server was asked where it is: no answer within 50 ms, 3 times",
  );
  expect(asked()).toBe(3);
});

test("an answer that begins and never ends has the same bound", async () => {
  const server = createServer((_, response) => void response.write("her"));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  pools.push(pool);
  await expect(boundedRequest(pool, { method: "GET", path: "/" }, "where it is", 50)).rejects.toThrow(
    "no answer within 50 ms, 3 times",
  );
});

test("any other failure is passed on at once", async () => {
  const { pool } = await deaf(0);
  servers[0]!.close();
  servers[0]!.closeAllConnections();
  await expect(boundedRequest(pool, { method: "GET", path: "/" }, "where it is", 50)).rejects.toThrow(
    /^restate-server was asked where it is: .*ECONNREFUSED/,
  );
});
