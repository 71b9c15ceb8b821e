import { TerminalError } from "@restatedev/restate-sdk";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TaskQueue } from "./task-queue.ts";

const ingress = vi.fn<typeof fetch>();
beforeEach(() => vi.stubGlobal("fetch", ingress));
afterEach(() => {
  ingress.mockReset();
  vi.unstubAllGlobals();
});
const accepted = (status: "Accepted" | "PreviouslyAccepted" = "Accepted") =>
  Response.json({ invocationId: "inv_1", status }, { status: 202 });
const requests = () =>
  (ingress.mock.calls as [string, RequestInit][]).map(([url, init]) => ({
    request: `${init.method} ${url}`,
    key: new Headers(init.headers).get("idempotency-key"),
    body: init.body && new TextDecoder().decode(init.body as Uint8Array),
  }));

test("a task is sent one way, with its id as the idempotency key", async () => {
  ingress.mockResolvedValue(accepted());
  expect(await new TaskQueue().submit({ id: "t1", task: "paint" })).toEqual({ invocationId: "inv_1" });
  expect(requests()).toEqual([
    {
      request: "POST http://127.0.0.1:8080/asyncTaskWorker/runTask/send",
      key: "t1",
      body: '{"id":"t1","task":"paint"}',
    },
  ]);
});

test("a delay is left to Restate", async () => {
  ingress.mockResolvedValue(accepted());
  await new TaskQueue().submit({ id: "t1", task: "paint" }, 1500);
  expect(requests()[0]?.request).toBe("POST http://127.0.0.1:8080/asyncTaskWorker/runTask/send?delay=1500ms");
});

test("when the answer is lost the task is submitted again under the same id, to the same effect", async () => {
  ingress.mockRejectedValueOnce(new TypeError("fetch failed")).mockResolvedValueOnce(accepted("PreviouslyAccepted"));
  expect(await new TaskQueue().submit({ id: "t1", task: "paint" })).toEqual({ invocationId: "inv_1" });
  const [first, second] = requests();
  expect(second).toEqual(first);
});

test("a result is had by the id alone", async () => {
  ingress.mockResolvedValue(Response.json({ id: "t~1", result: "paint: DONE" }));
  expect(await new TaskQueue().result("t~1")).toEqual({ id: "t~1", result: "paint: DONE" });
  expect(requests()[0]?.request).toBe(
    "GET http://127.0.0.1:8080/restate/invocation/asyncTaskWorker/runTask/t~1/attach",
  );
});

test("a result is waited for longer than a connection lasts, and not for ever when nobody answers", async () => {
  vi.useFakeTimers();
  const breaks = async (): Promise<never> => {
    await new Promise((resolve) => setTimeout(resolve, 300_000));
    throw new TypeError("fetch failed");
  };
  ingress.mockImplementationOnce(breaks).mockImplementationOnce(breaks);
  ingress.mockResolvedValueOnce(Response.json({ id: "t1", result: "paint: DONE" }));
  const result = new TaskQueue().result("t1");
  await vi.runAllTimersAsync();
  expect(await result).toMatchObject({ id: "t1" });

  ingress.mockRejectedValue(new TypeError("fetch failed"));
  const unanswered = new TaskQueue().result("t1").catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  expect(await unanswered).toMatchObject({ name: "NoAnswer" });
  vi.useRealTimers();
});

test("the result of a task that was never submitted is refused, not invented", async () => {
  ingress.mockResolvedValue(Response.json({ message: "invocation not found" }, { status: 404 }));
  const error = await new TaskQueue().result("t1").catch((error: unknown) => error);
  expect(error).toBeInstanceOf(TerminalError);
  expect(error).toMatchObject({ code: 404, message: "invocation not found" });
});
