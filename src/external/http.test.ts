import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { change, Refusal } from "./http.ts";

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
const charge = () => change("payment-provider", "charge", { amount: 5 }, { key: "k1", reference: "t1" }, Answer);

test("a change is posted with its key, its content and what it belongs to", async () => {
  provider.mockResolvedValue(Response.json({ id: "k1", more: true }));
  expect(await charge()).toEqual({ id: "k1" });
  const [[url, init]] = provider.mock.calls as [[string, RequestInit]];
  expect([url, init.method]).toEqual(["http://pay/v1/charge", "POST"]);
  expect(new Headers(init.headers).get("idempotency-key")).toBe("k1");
  expect(JSON.parse(String(init.body))).toEqual({ amount: 5, reference: "t1" });
});

test.each([400, 402, 404, 409, 422])("%i is a refusal", async (status) => {
  provider.mockResolvedValue(new Response("no", { status }));
  const error = await charge().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Refusal);
  expect(error).toMatchObject({ status, message: "payment-provider refused to charge: no" });
});

test.each([408, 425, 429, 500, 503])("%i is a failure that may pass", async (status) => {
  provider.mockResolvedValue(new Response("later", { status }));
  const error = await charge().catch((error: unknown) => error);
  expect(error).not.toBeInstanceOf(Refusal);
  expect(error).toMatchObject({ message: `payment-provider failed to charge: ${status} later` });
});

test("an answer in another form is a failure as well", async () => {
  provider.mockResolvedValue(Response.json({ payment: "k1" }));
  await expect(charge()).rejects.not.toBeInstanceOf(Refusal);
});
