import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Operation } from "../plan/index.ts";
import type { Subject } from "../session/system-under-test.ts";
import type { ClientAnswer, ClientRequest, Destination, Stack } from "../stack/index.ts";
import { Performance, type Task } from "./client.ts";

type Reply = ClientAnswer | Error | "silence";
const answer = (body: unknown, status = 200, headers: Record<string, string> = {}): ClientAnswer => ({
  status,
  headers,
  body: JSON.stringify(body),
});
const broken = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });
const refused = Object.assign(new Error("fetch failed"), { cause: { code: "ECONNREFUSED" } });

/** A client of a stack that replies as it is told to, and that knows the product service by another name. */
function make(operation: Partial<Operation>, replies: Reply[], more: Partial<Task> = {}) {
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
  const subject = {
    target: (call: object) => ("service" in call ? { ...call, service: "Ware" } : call),
    decode: (_: object, value: unknown) => ({ decoded: value }),
  } as unknown as Subject;
  const performance = new Performance({
    stack,
    subject,
    operation: { id: "o1", client: "c1", kind: "any", mode: "call", ...operation },
    name: "tag-/o1",
    sent: () => void sent++,
    ...more,
  });
  return { performance, asked, sleeping, sent: () => sent };
}
const reserve = { call: { service: "product", key: "a b/c", handler: "reserve" }, idempotencyKey: "r1" };

test("a call goes by the implementation's names, with the operation's, and its answer is decoded", async () => {
  const { performance, asked, sent } = make({ ...reserve, input: { n: 1 } }, [
    answer({ ok: true }, 200, { "x-restate-id": "inv_1" }),
  ]);
  expect(await performance.run()).toEqual({
    type: "ok",
    status: 200,
    value: { decoded: { ok: true } },
    invocation: "inv_1",
  });
  expect(sent()).toBe(1);
  const headers = { "x-stormproof-operation": "tag-/o1", "idempotency-key": "r1", "content-type": "application/json" };
  const request = { method: "POST", path: "/Ware/a%20b%2Fc/reserve", headers, body: '{"n":1}' };
  expect(asked).toEqual([{ to: "ingress", request }]);
});

test.each<[string, Partial<Operation>, Partial<Task>, Destination, string, string]>([
  ["send", { ...reserve, mode: "send", delay: 50 }, {}, "ingress", "POST", "/Ware/a%20b%2Fc/reserve/send?delay=50ms"],
  ["front app", { call: { app: "shop", handler: "GET /x/y" } }, {}, { app: "shop" }, "GET", "/x/y"],
  [
    "attach",
    { mode: "attach", of: "o0" },
    { invocation: "inv_0" },
    "ingress",
    "GET",
    "/restate/invocation/inv_0/attach",
  ],
  ["cancel", { mode: "cancel", of: "o0" }, { invocation: "inv_0" }, "admin", "PATCH", "/invocations/inv_0/cancel"],
  ["terminate", { mode: "terminate", of: "o0" }, { invocation: "inv_0" }, "admin", "PATCH", "/invocations/inv_0/kill"],
])("%s", async (_, operation, task, to, method, path) => {
  const { performance, asked } = make(operation, [answer({ invocationId: "inv_1", status: "Accepted" }, 202)], task);
  expect((await performance.run()).type).toBe("ok");
  expect(asked[0]).toMatchObject({ to, request: { method, path } });
});

test("the answer of a send is its acceptance; one to an attach is decoded as the call's that it is about", async () => {
  const send = make({ ...reserve, mode: "send" }, [
    answer({ invocationId: "inv_1", status: "PreviouslyAccepted" }, 200),
  ]);
  expect(await send.performance.run()).toMatchObject({ value: "PreviouslyAccepted", invocation: "inv_1" });
  const attach = make({ mode: "attach", of: "o0" }, [answer(7)], { invocation: "inv_0", about: reserve.call });
  expect(await attach.performance.run()).toMatchObject({ value: { decoded: 7 } });
  const cancel = make({ mode: "cancel", of: "o0" }, [answer(7)], { invocation: "inv_0", about: reserve.call });
  expect(await cancel.performance.run()).toMatchObject({ value: 7 });
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
  const { performance } = make(reserve, [answer({ message: "no" }, status)]);
  const completion = await performance.run();
  expect(completion.type).toBe(type);
  if (completion.type === "fail") expect(completion).toMatchObject({ status, message: "no" });
});

test("a broken connection leaves the outcome open; with retries the client asks again, identically", async () => {
  const once = make(reserve, [broken]);
  expect(await once.performance.run()).toEqual({ type: "info", reason: "no answer: UND_ERR_SOCKET" });
  const twice = make({ ...reserve, retries: 1 }, [broken, answer(true)]);
  const running = twice.performance.run();
  await turn();
  twice.sleeping.shift()!();
  expect(await running).toMatchObject({ type: "ok" });
  expect(twice.asked[1]).toEqual(twice.asked[0]);
});

test("where nobody listened, asking again is not a retry", async () => {
  const { performance, sleeping } = make(reserve, [refused, refused, answer(true)]);
  const running = performance.run();
  for (let i = 0; i < 2; i++) {
    await turn();
    sleeping.shift()!();
  }
  expect(await running).toMatchObject({ type: "ok" });
});

test("a client that walks away never learns the answer", async () => {
  const { performance, asked } = make({ ...reserve, retries: 3 }, ["silence"]);
  const running = performance.run();
  await turn();
  performance.cut("walks away");
  expect(await running).toEqual({ type: "info", reason: "the client walked away" });
  expect(asked).toHaveLength(1);
});

test("one that walks away while it waits to ask again does not ask again", async () => {
  const { performance, asked, sleeping } = make(reserve, [refused, answer(true)]);
  const running = performance.run();
  await turn();
  performance.cut("walks away");
  sleeping.shift()!();
  expect(await running).toEqual({ type: "info", reason: "the client walked away" });
  expect(asked).toHaveLength(1);
});

test.each<[string, Partial<Operation>, boolean]>([
  ["an idempotent request", reserve, true],
  ["a front app", { call: { app: "shop", handler: "POST /x" } }, true],
  ["a request without an idempotency key", { call: reserve.call }, false],
  ["a cancellation", { mode: "cancel", of: "o0" }, false],
])("a client that loses its connection asks again for %s: %s", async (_, operation, again) => {
  const { performance, asked, sleeping } = make(operation, ["silence", answer(true)], { invocation: "inv_0" });
  const running = performance.run();
  await turn();
  performance.cut("asks again");
  await turn();
  sleeping.shift()?.();
  expect((await running).type).toBe(again ? "ok" : "info");
  expect(asked).toHaveLength(again ? 2 : 1);
});
