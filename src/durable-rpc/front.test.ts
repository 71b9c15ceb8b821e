import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { front } from "./front.ts";

const ingress = vi.fn<typeof fetch>();
beforeEach(() => vi.stubGlobal("fetch", ingress));
afterEach(() => {
  ingress.mockReset();
  vi.unstubAllGlobals();
});
const ask = (path: string, method = "POST") => front(new Request(`http://front${path}`, { method }));

test("the reservation id is the idempotency key of one call to the product", async () => {
  ingress.mockResolvedValue(Response.json(true));
  const answer = await ask("/reserve/a%20%2F%20b/r1");
  expect([answer.status, await answer.json()]).toEqual([200, true]);
  const [[url, init]] = ingress.mock.calls as [[string, RequestInit]];
  expect(url).toBe("http://127.0.0.1:8080/product/a%20%2F%20b/reserve");
  expect(new Headers(init.headers).get("idempotency-key")).toBe("r1");
});

test.each([
  ["/reserve/p%252F1/r%20", "p%252F1", "r%20"],
  ["/reserve/__proto__/%E2%82%AC", "__proto__", "%E2%82%AC"],
  ["/reserve/P1/R1", "P1", "R1"],
  ["/reserve/=./..=", "%3D.", "..%3D"],
])("any ids: %s", async (path, product, key) => {
  ingress.mockResolvedValue(Response.json(true));
  expect((await ask(path)).status).toBe(200);
  const [[url, init]] = ingress.mock.calls as [[string, RequestInit]];
  expect(new URL(url).pathname).toBe(`/product/${product}/reserve`);
  expect(new Headers(init.headers).get("idempotency-key")).toBe(key);
});

test("it asks Restate again, with the same key, when the answer is lost", async () => {
  ingress.mockRejectedValueOnce(new TypeError("fetch failed")).mockResolvedValueOnce(Response.json(false));
  expect(await (await ask("/reserve/p1/r1")).json()).toBe(false);
  const keys = ingress.mock.calls.map(([, init]) => new Headers(init?.headers).get("idempotency-key"));
  expect(keys).toEqual(["r1", "r1"]);
});

test.each([
  ["POST", "/reserve/p1/%ff", 400, "reservationId"],
  ["POST", "/reserve/%ff/r1", 400, "productId"],
  ["GET", "/reserve/p1/r1", 405, "POST"],
  ["POST", "/reserve/p1", 404, "POST /reserve/:productId/:reservationId"],
  ["POST", "/reserve//r1", 404, "POST /reserve/:productId/:reservationId"],
  ["POST", "/", 404, "POST /reserve/:productId/:reservationId"],
])("%s %s is refused with %i and asks nothing of Restate", async (method, path, status, message) => {
  const answer = await ask(path, method);
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(message);
  expect(ingress).not.toHaveBeenCalled();
});

test("a definite failure is passed on with its status and message", async () => {
  ingress.mockResolvedValueOnce(Response.json({ code: 409, message: "cancelled" }, { status: 409 }));
  const refused = await ask("/reserve/p1/r1");
  expect([refused.status, await refused.json()]).toEqual([409, { message: "cancelled" }]);

  const headers = { "x-restate-error-source": "invocation" };
  ingress.mockResolvedValueOnce(Response.json({ message: "broken", source: "invocation" }, { status: 503, headers }));
  const ended = await ask("/reserve/p1/r1");
  expect([ended.status, await ended.json()]).toEqual([503, { message: "broken" }]);
  expect(ingress).toHaveBeenCalledTimes(2);
});

test("no answer leaves the outcome open", async () => {
  vi.useFakeTimers();
  ingress.mockRejectedValue(new TypeError("fetch failed"));
  const answer = ask("/reserve/p1/r1");
  await vi.runAllTimersAsync();
  expect((await answer).status).toBe(503);
  expect(await (await answer).text()).toContain("open");
  expect(ingress.mock.calls.length).toBeGreaterThan(1);
  vi.useRealTimers();
});
