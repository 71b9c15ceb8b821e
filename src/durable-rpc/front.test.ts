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

test("it asks Restate again, with the same key, when the answer is lost", async () => {
  ingress.mockRejectedValueOnce(new TypeError("fetch failed")).mockResolvedValueOnce(Response.json(false));
  expect(await (await ask("/reserve/p1/r1")).json()).toBe(false);
  const keys = ingress.mock.calls.map(([, init]) => new Headers(init?.headers).get("idempotency-key"));
  expect(keys).toEqual(["r1", "r1"]);
});

test.each([
  ["POST", "/reserve/p1/r%20", 400, "reservationId"],
  ["POST", "/reserve/p1/%E2%82%AC", 400, "reservationId"],
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

test("a refusal of Restate is passed on, any other failure leaves the outcome open", async () => {
  ingress.mockResolvedValueOnce(new Response("cancelled", { status: 409 }));
  expect((await ask("/reserve/p1/r1")).status).toBe(409);
  const headers = { "x-restate-error-source": "invocation" };
  ingress.mockResolvedValueOnce(new Response("broken", { status: 500, headers }));
  expect((await ask("/reserve/p1/r1")).status).toBe(503);
});
