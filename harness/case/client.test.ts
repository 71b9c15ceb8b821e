import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ClientAnswer, ClientRequest, Destination, Stack } from "../stack/index.ts";
import { ClientCall, type Wish } from "./client.ts";

type Reply = ClientAnswer | Error | "silence";
const answer = (body: unknown, status = 200, headers: Record<string, string> = {}): ClientAnswer => ({
  status,
  headers,
  body: JSON.stringify(body),
});
const broken = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });
const refused = Object.assign(new Error("fetch failed"), { cause: { code: "ECONNREFUSED" } });

/** A client of a stack that replies as it is told to. */
function make(wish: Wish, replies: Reply[], retries = 0) {
  const asked: { to: Destination; request: ClientRequest }[] = [];
  const sleeping: (() => void)[] = [];
  let sent = 0;
  const stack = {
    clock: { now: () => 0, sleep: () => new Promise<void>((wake) => sleeping.push(wake)) },
    fetch: (to: Destination, { signal, ...request }: ClientRequest): Promise<ClientAnswer> => {
      asked.push({ to, request });
      const reply = replies.shift() ?? "silence";
      if (reply instanceof Error) return Promise.reject(reply);
      if (reply !== "silence") return Promise.resolve(reply);
      return new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));
    },
  } as unknown as Stack;
  const call = new ClientCall({ stack, wish, name: "tag-/o1", retries, sent: () => void sent++ });
  return { call, asked, sleeping, sent: () => sent };
}
const app = "shop";
const target = { call: "product/reserve", key: "a b/c" };
const reserve: Wish = { app, request: { ...target, idempotencyKey: "r1" } };
const front: Wish = { app, request: { front: "GET /x/:id", params: { id: "y/z" } } };
const cancel: Wish = { kind: "cancel", invocation: "inv_0" };

test("a call goes to the ingress with the operation's name, and tells which invocation answered", async () => {
  const wish: Wish = { app, request: { ...target, idempotencyKey: "r1", input: { n: 1 } } };
  const { call, asked, sent } = make(wish, [answer({ ok: true }, 200, { "x-restate-id": "inv_1" })]);
  expect(await call.run()).toEqual({ type: "ok", value: { ok: true }, invocation: "inv_1" });
  expect(sent()).toBe(1);
  const headers = { "x-stormproof-operation": "tag-/o1", "idempotency-key": "r1", "content-type": "application/json" };
  const request = { method: "POST", path: "/product/a%20b%2Fc/reserve", headers, body: '{"n":1}' };
  expect(asked).toEqual([{ to: "ingress", request }]);
});

test("a body that is no JSON is sent as it is, and said to be JSON", async () => {
  const { call, asked } = make({ app, request: { ...target, body: "{" } }, [answer({ message: "no" }, 400)]);
  expect(await call.run()).toMatchObject({ type: "fail", code: 400 });
  expect(asked[0]?.request).toMatchObject({ headers: { "content-type": "application/json" }, body: "{" });
});

test.each<[string, Wish, Destination, string, string]>([
  [
    "a send",
    { app, request: { ...target, send: { delayMs: 50 } } },
    "ingress",
    "POST",
    "/product/a%20b%2Fc/reserve/send?delay=50ms",
  ],
  ["a request to a front app", front, { app }, "GET", "/x/y%2Fz"],
  ["attach", { kind: "attach", invocation: "inv_0" }, "ingress", "GET", "/restate/invocation/inv_0/attach"],
  ["cancel", cancel, "admin", "PATCH", "/invocations/inv_0/cancel"],
  ["terminate", { kind: "terminate", invocation: "inv_0" }, "admin", "PATCH", "/invocations/inv_0/kill"],
])("%s", async (_, wish, to, method, path) => {
  const { call, asked } = make(wish, [answer({ invocationId: "inv_1", status: "Accepted" }, 202)]);
  expect((await call.run()).type).toBe("ok");
  expect(asked[0]).toMatchObject({ to, request: { method, path } });
});

test("that a send was accepted is no answer, but tells its invocation", async () => {
  const accepted = answer({ invocationId: "inv_1", status: "PreviouslyAccepted" }, 200);
  const { call } = make({ app, request: { ...target, send: true } }, [accepted]);
  expect(await call.run()).toEqual({ type: "ok", value: null, invocation: "inv_1" });
});

test.each([
  [400, "fail"],
  [409, "fail"],
  [500, "fail"],
  [502, "info"],
  [503, "info"],
  [504, "info"],
  [429, "info"],
])("an answer of status %i is a %s", async (status, type) => {
  const { call } = make(reserve, [answer({ message: "no" }, status)]);
  const completion = await call.run();
  expect(completion.type).toBe(type);
  if (completion.type === "fail") expect(completion).toMatchObject({ code: status, message: "no" });
});

test("a broken connection leaves the outcome open; with retries the client asks again, identically", async () => {
  const once = make(reserve, [broken]);
  expect(await once.call.run()).toEqual({ type: "info", reason: "no answer: UND_ERR_SOCKET" });
  const twice = make(reserve, [broken, answer(true)], 1);
  const running = twice.call.run();
  await turn();
  twice.sleeping.shift()!();
  expect(await running).toMatchObject({ type: "ok" });
  expect(twice.asked[1]).toEqual(twice.asked[0]);
});

test("where nobody listened, asking again is not a retry", async () => {
  const { call, sleeping } = make(reserve, [refused, refused, answer(true)]);
  const running = call.run();
  for (let i = 0; i < 2; i++) {
    await turn();
    sleeping.shift()!();
  }
  expect(await running).toMatchObject({ type: "ok" });
});

test("a client that walks away never learns the answer", async () => {
  const { call, asked } = make(reserve, ["silence"], 3);
  const running = call.run();
  await turn();
  call.cut("walks away");
  expect(await running).toEqual({ type: "info", reason: "the client walked away" });
  expect(asked).toHaveLength(1);
});

test("one that walks away while it waits to ask again does not ask again", async () => {
  const { call, asked, sleeping } = make(reserve, [refused, answer(true)]);
  const running = call.run();
  await turn();
  call.cut("walks away");
  sleeping.shift()!();
  expect(await running).toEqual({ type: "info", reason: "the client walked away" });
  expect(asked).toHaveLength(1);
});

test.each<[string, Wish, boolean]>([
  ["an idempotent request", reserve, true],
  ["a front app", front, true],
  ["a request without an idempotency key", { app, request: target }, false],
  ["a cancellation", cancel, false],
])("a client that loses its connection asks again for %s: %s", async (_, wish, again) => {
  const { call, asked, sleeping } = make(wish, ["silence", answer(true)]);
  const running = call.run();
  await turn();
  call.cut("asks again");
  await turn();
  sleeping.shift()?.();
  expect((await running).type).toBe(again ? "ok" : "info");
  expect(asked).toHaveLength(again ? 2 : 1);
});
