import { RetryableError } from "@restatedev/restate-sdk";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { Refusal, request } from "./http.ts";

const provider = vi.fn<typeof fetch>();
beforeEach(() => {
  vi.stubGlobal("fetch", provider);
  vi.stubEnv("PAYMENT_PROVIDER_URL", "http://pay/v1");
});
afterEach(() => {
  provider.mockReset();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});
const Answer = z.object({ id: z.string() });
const charge = () =>
  request(
    { system: "payment-provider", action: "charge", method: "POST", path: "/charges", json: { amount: 5 } },
    Answer,
  );
const failureOf = (response: Response) => {
  provider.mockResolvedValue(response);
  return charge().catch((error: unknown) => error);
};

test("a request goes to the address of its system, and its answer is read", async () => {
  provider.mockResolvedValue(Response.json({ id: "k1", more: true }));
  expect(await charge()).toEqual({ id: "k1" });
  const [[url, init]] = provider.mock.calls as [[string, RequestInit]];
  expect([url, init.method]).toEqual(["http://pay/v1/charges", "POST"]);
  expect(new Headers(init.headers).get("content-type")).toBe("application/json");
  expect(JSON.parse(String(init.body))).toEqual({ amount: 5 });
});

test.each([400, 401, 402, 404, 409, 422])("%i is a refusal", async (status) => {
  const error = await failureOf(new Response("no", { status }));
  expect(error).toBeInstanceOf(Refusal);
  expect(error).toMatchObject({ status, message: "payment-provider refused to charge: no" });
});

test.each([408, 425, 429, 500, 503])("%i is a failure that may pass", async (status) => {
  const error = await failureOf(new Response("later", { status }));
  expect(error).not.toBeInstanceOf(Refusal);
  expect(error).not.toBeInstanceOf(RetryableError);
  expect(error).toMatchObject({ message: `payment-provider failed to charge: ${status} later` });
});

test.each([
  ["3", 3000],
  ["Thu, 01 Jan 1970 00:00:02 GMT", 0],
  ["soon", undefined],
])("it is tried again after %j, when the system says so", async (retryAfter, milliseconds) => {
  const error = await failureOf(new Response("", { status: 429, headers: { "retry-after": retryAfter } }));
  expect(error instanceof RetryableError ? error.retryAfter : undefined).toBe(milliseconds);
});

test("a date to come is as far away as it is", async () => {
  vi.useFakeTimers({ now: 1000 });
  const headers = { "retry-after": "Thu, 01 Jan 1970 00:00:03 GMT" };
  expect(await failureOf(new Response("", { status: 503, headers }))).toMatchObject({ retryAfter: 2000 });
  vi.useRealTimers();
});

test("a refusal stays one, whatever it says about when", async () => {
  expect(await failureOf(new Response("", { status: 409, headers: { "retry-after": "1" } }))).toBeInstanceOf(Refusal);
});

test("an answer in another form is a failure as well", async () => {
  expect(await failureOf(Response.json({ payment: "k1" }))).not.toBeInstanceOf(Refusal);
});
