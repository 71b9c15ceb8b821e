import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { front } from "./front.ts";

const ingress = vi.fn<typeof fetch>();
beforeEach(() => vi.stubGlobal("fetch", ingress));
afterEach(() => {
  ingress.mockReset();
  vi.unstubAllGlobals();
});
const ask = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
  front(new Request(`http://front${path}`, { method, headers, ...(body !== undefined && { body }) }));

test.each([
  ["GET", "/promises/p1", undefined, "peek", { promiseName: "p1" }],
  ["GET", "/promises/a%2Fb/result", undefined, "await", { promiseName: "a/b" }],
  ["POST", "/promises/p1/resolve", "null", "resolve", { promiseName: "p1", value: null }],
  ["POST", "/promises/p1/reject", '""', "reject", { promiseName: "p1", errorMessage: "" }],
])("%s %s with %s", async (method, path, body, verb, request) => {
  ingress.mockResolvedValue(Response.json({ value: [1] }));
  const answer = await ask(method, path, body);
  expect([answer.status, await answer.json()]).toEqual([200, { value: [1] }]);
  const [[url, init]] = ingress.mock.calls as [[string, RequestInit]];
  expect(url).toBe(`http://127.0.0.1:8080/durablePromiseServer/${verb}`);
  expect(JSON.parse(Buffer.from(init.body as Uint8Array).toString())).toEqual({ request });
});

test.each([null, { value: null }, { value: 0 }, { error: "no" }, { error: "" }])("answers %j", async (outcome) => {
  ingress.mockResolvedValue(Response.json(outcome));
  expect(await (await ask("GET", "/promises/p1")).json()).toEqual(outcome);
});

test("the key of a request is the key of its call", async () => {
  ingress.mockResolvedValue(Response.json({ value: 1 }));
  await ask("POST", "/promises/p1/resolve", "1", { "idempotency-key": "k1" });
  expect(new Headers(ingress.mock.calls[0]?.[1]?.headers).get("idempotency-key")).toBe("p1/k1");
});

test.each([
  ["GET", "/promises", undefined, 404, "GET /promises/:id"],
  ["GET", "/promises/p1/other", undefined, 404, "GET /promises/:id"],
  ["POST", "/promises/p1", "1", 405, "GET /promises/:id"],
  ["GET", "/promises/p1/resolve", undefined, 405, "POST /promises/:id"],
  ["GET", "/promises/%ff", undefined, 400, "id"],
  ["POST", "/promises/p1/resolve", "", 400, "body"],
  ["POST", "/promises/p1/resolve", "{", 400, "body"],
  ["POST", "/promises/p1/reject", "1", 400, "errorMessage"],
])("%s %s with %j is refused with %i and asks nothing of Restate", async (method, path, body, status, message) => {
  const answer = await ask(method, path, body);
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(message);
  expect(ingress).not.toHaveBeenCalled();
});

test("what ended the call is passed on", async () => {
  ingress.mockResolvedValueOnce(Response.json({ message: "disposed of" }, { status: 410 }));
  const gone = await ask("GET", "/promises/p1/result");
  expect([gone.status, await gone.json()]).toEqual([410, { message: "disposed of" }]);
  const headers = { "x-restate-error-source": "invocation" };
  ingress.mockResolvedValueOnce(Response.json({ message: "broken", source: "invocation" }, { status: 500, headers }));
  expect((await ask("GET", "/promises/p1/result")).status).toBe(500);
});
