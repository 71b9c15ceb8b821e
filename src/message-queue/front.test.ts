import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { front } from "./front.ts";

const ingress = vi.fn<typeof fetch>();
beforeEach(() => vi.stubGlobal("fetch", ingress));
afterEach(() => {
  ingress.mockReset();
  vi.unstubAllGlobals();
});
const post = (body: string) => front(new Request("http://front/tasks", { method: "POST", body }));
const get = (path: string, method = "GET") => front(new Request(`http://front${path}`, { method }));

test("a task is accepted, and the answer says by which invocation", async () => {
  ingress.mockResolvedValue(Response.json({ invocationId: "inv_1", status: "Accepted" }, { status: 202 }));
  const answer = await post('{"id": "t1", "task": "paint", "delayMs": 20}');
  expect([answer.status, await answer.json()]).toEqual([202, { id: "t1", invocationId: "inv_1" }]);
  expect(answer.headers.get("x-restate-id")).toBe("inv_1");
  expect(answer.headers.get("location")).toBe("/tasks/t1");
  const [[url, init]] = ingress.mock.calls as [[string, RequestInit]];
  expect(url).toMatch(/\/send\?delay=20ms$/);
  expect(JSON.parse(new TextDecoder().decode(init.body as Uint8Array))).toEqual({ id: "t1", task: "paint" });
});

test.each(["a/b", "a%2Fb", "..", "=..", " t1", "€", "__proto__"])("the id %j names a task of its own", async (id) => {
  ingress.mockImplementation(async () => Response.json({ invocationId: "inv_1" }, { status: 202 }));
  const { headers } = await post(JSON.stringify({ id, task: "paint" }));
  await get(headers.get("location") ?? "");
  const [[, init], [result]] = ingress.mock.calls as [[string, RequestInit], [string]];
  const key = new Headers(init.headers).get("idempotency-key");
  expect(JSON.parse(new TextDecoder().decode(init.body as Uint8Array))).toEqual({ id, task: "paint" });
  expect(new URL(result).pathname).toBe(`/restate/invocation/asyncTaskWorker/runTask/${key}/attach`);
});

test("the result of a task is passed on", async () => {
  ingress.mockResolvedValue(Response.json({ id: "t~1", result: "paint: DONE" }));
  const answer = await get("/tasks/t%7E1");
  expect([answer.status, await answer.json()]).toEqual([200, { id: "t~1", result: "paint: DONE" }]);
});

test.each([
  ["{", "JSON"],
  ["", "JSON"],
  ["[]", "input"],
  ['{"task": "paint"}', "id"],
  ['{"id": "", "task": "paint"}', "id"],
  ['{"id": "\\ud800", "task": "paint"}', "id"],
  ['{"id": "t1"}', "task"],
  ['{"id": "t1", "task": ""}', "task"],
  ['{"id": "t1", "task": "paint", "delayMs": -1}', "delayMs"],
  ['{"id": "t1", "task": "paint", "delayMs": 0.5}', "delayMs"],
  ['{"id": "t1", "task": "paint", "delayMs": "1s"}', "delayMs"],
  ['{"id": "t1", "task": "paint", "delayMs": 1e13}', "delayMs"],
])("%s is refused with 400, names what is wrong, and asks nothing of Restate", async (body, field) => {
  const answer = await post(body);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain(field);
  expect(ingress).not.toHaveBeenCalled();
});

test.each([
  ["GET", "/tasks/%ff", 400, "id"],
  ["GET", "/tasks", 405, "POST"],
  ["DELETE", "/tasks/t1", 405, "GET"],
  ["GET", "/tasks/t1/result", 404, "GET /tasks/:id"],
  ["GET", "/", 404, "POST /tasks"],
])("%s %s is refused with %i and asks nothing of Restate", async (method, path, status, message) => {
  const answer = await get(path, method);
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(message);
  expect(ingress).not.toHaveBeenCalled();
});

test("a definite failure is passed on with its status and message", async () => {
  ingress.mockResolvedValueOnce(Response.json({ message: "invocation not found" }, { status: 404 }));
  const unknown = await get("/tasks/t1");
  expect([unknown.status, await unknown.json()]).toEqual([404, { message: "invocation not found" }]);
  const headers = { "x-restate-error-source": "invocation" };
  ingress.mockResolvedValueOnce(Response.json({ message: "broken", source: "invocation" }, { status: 500, headers }));
  const failed = await get("/tasks/t1");
  expect([failed.status, await failed.json()]).toEqual([500, { message: "broken" }]);
});
