import { TerminalError } from "@restatedev/restate-sdk";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { durablePromise, PromiseRejected } from "./clients.ts";

const ingress = vi.fn<typeof fetch>();
beforeEach(() => vi.stubGlobal("fetch", ingress));
afterEach(() => {
  ingress.mockReset();
  vi.unstubAllGlobals();
});
const requests = () =>
  (ingress.mock.calls as [string, RequestInit][]).map(([url, { headers, body }]) => ({
    url,
    key: new Headers(headers).get("idempotency-key"),
    body: JSON.parse(Buffer.from(body as Uint8Array).toString()) as unknown,
  }));
const answering = (answer: unknown) => ingress.mockImplementation(async () => Response.json(answer));

test.each([
  ["localhost:8080", "http://localhost:8080"],
  ["restate.example", "http://restate.example"],
  ["http://localhost:8080/", "http://localhost:8080"],
  ["https://restate.example/base//", "https://restate.example/base"],
  ["HTTP://restate.example", "HTTP://restate.example"],
])("the address %s", async (uri, base) => {
  answering(null);
  await durablePromise(uri, "p1").peek();
  expect(requests()[0]?.url).toBe(`${base}/durablePromiseServer/peek`);
});

test("pending is undefined, and null is a value", async () => {
  const promise = durablePromise("r:1", "p1");
  answering(null);
  expect(await promise.peek()).toBeUndefined();
  answering({ value: null });
  expect(await promise.peek()).toBeNull();
  expect(await promise.get()).toBeNull();
});

test.each([null, false, 0, "", [], {}, { error: "no" }, JSON.parse('{"__proto__":1}') as unknown])(
  "the value %j goes out and comes back as it is",
  async (value) => {
    answering({ value });
    expect(await durablePromise("r:1", "p1").resolve(value)).toEqual(value);
    expect(requests()[0]?.body).toEqual({ request: { promiseName: "p1", value } });
  },
);

test("undefined is sent as null", async () => {
  answering({ value: null });
  expect(await durablePromise<void>("r:1", "p1").resolve()).toBeNull();
  expect(requests()[0]?.body).toEqual({ request: { promiseName: "p1", value: null } });
});

test.each(["no", ""])("whoever asks a promise that was rejected with %j is told so", async (message) => {
  answering({ error: message });
  const promise = durablePromise("r:1", "p1");
  for (const told of [promise.peek(), promise.get(), promise.resolve(1), promise.reject("other")]) {
    const error = await told.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(PromiseRejected);
    expect(error).toMatchObject({ message });
  }
});

test("whoever waits for a promise that is disposed of fails, and is not told of a rejection", async () => {
  ingress.mockImplementation(async () => Response.json({ message: "disposed of" }, { status: 410 }));
  const error = await durablePromise("r:1", "p1")
    .get()
    .catch((error: unknown) => error);
  expect(error).toBeInstanceOf(TerminalError);
  expect(error).not.toBeInstanceOf(PromiseRejected);
  expect(error).toMatchObject({ message: "disposed of", code: 410 });
});

test("a call is made again with the same key when its answer is lost, and the next call has another", async () => {
  ingress.mockRejectedValueOnce(new TypeError("fetch failed"));
  ingress.mockImplementation(async () => Response.json({ value: 1 }));
  const promise = durablePromise<number>("r:1", "p1");
  expect(await promise.resolve(1)).toBe(1);
  await promise.resolve(1);
  const [first, again, other] = requests().map(({ key }) => key);
  expect(first).toMatch(/^p1\/./);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test("a key of the caller belongs to one promise, and is not that of a peek", async () => {
  answering({ value: 1 });
  for (const id of ["a/b", "\u20ac"]) {
    const promise = durablePromise("r:1", id, { idempotencyKey: "k/\u20ac" });
    await promise.get();
    await promise.peek();
  }
  const [first, peek, second, other] = requests().map(({ key }) => key);
  expect([first, second]).toEqual(["a%2Fb/k%2F%E2%82%AC", "%E2%82%AC/k%2F%E2%82%AC"]);
  expect(peek).toMatch(/^a%2Fb\/./);
  expect(new Set([first, peek, second, other]).size).toBe(4);
});

test.each(["", "\ud800"])("%j is refused as an id", (id) => {
  expect(() => durablePromise("r:1", id)).toThrow("the id of a promise must");
});

test("no answer at all, or a failure of Restate, is no end of the promise", async () => {
  ingress.mockImplementation(async () => {
    return new Response("broken", { status: 500 });
  });
  vi.useFakeTimers();
  const error = durablePromise("r:1", "p1")
    .resolve(1)
    .catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  expect(await error).toMatchObject({ name: "NoAnswer" });
  vi.useRealTimers();
});
