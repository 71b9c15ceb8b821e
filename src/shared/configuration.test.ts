import { afterEach, expect, test, vi } from "vitest";
import {
  externalSecret,
  externalUrl,
  ingressUrl,
  openingBalance,
  port,
  queueLimit,
  reminderInterval,
  tokenExpiry,
  transitionTime,
  webhookTolerance,
} from "./configuration.ts";

afterEach(() => vi.unstubAllEnvs());

test("settings have real defaults", () => {
  for (const name of [
    "OPENING_BALANCE",
    "TOKEN_EXPIRY",
    "REMINDER_INTERVAL",
    "TRANSITION_TIME",
    "QUEUE_LIMIT",
    "INGRESS_URL",
  ])
    vi.stubEnv(name, undefined);
  expect(openingBalance()).toBe(0);
  expect(tokenExpiry()).toBe(3_600_000);
  expect(reminderInterval()).toBe(86_400_000);
  expect(transitionTime()).toBe(5_000);
  expect(queueLimit()).toBe(10);
  expect(ingressUrl()).toBe("http://127.0.0.1:8080");
});

test("they are read at the moment of use", () => {
  vi.stubEnv("OPENING_BALANCE", "200000");
  expect(openingBalance()).toBe(200_000);
  vi.stubEnv("PAYMENT_PROVIDER_URL", "https://pay.example/v1/");
  expect(externalUrl("payment-provider")).toBe("https://pay.example/v1");
});

test("the default address of an external system is one that fetch does not block", async () => {
  vi.stubEnv("FLIGHTS_URL", undefined);
  // whether anybody listens there or not: a blocked port is refused before
  const outcome = await fetch(externalUrl("flights")).then(
    () => "",
    (error: Error) => String(error.cause),
  );
  expect(outcome).not.toContain("bad port");
});

test("each external system has a secret of its own", () => {
  vi.stubEnv("CARS_SECRET", "s3cret");
  expect([externalSecret("cars"), externalSecret("flights"), externalSecret("stripe", "sk")]).toEqual([
    "s3cret",
    "stormproof",
    "sk",
  ]);
});

test.each(["", "-1", "1.5", "1e3", "many", "99999999999999999999"])("a number cannot be %j", (value) => {
  vi.stubEnv("TOKEN_EXPIRY", value);
  expect(tokenExpiry).toThrow("TOKEN_EXPIRY must be a whole number");
});

test("a tolerance of 0, with which Stripe's client would believe what is of any age, is refused", () => {
  vi.stubEnv("STRIPE_WEBHOOK_TOLERANCE", "0");
  expect(webhookTolerance).toThrow("STRIPE_WEBHOOK_TOLERANCE must be more than 0");
});

test.each(["", "8080", "localhost:8080", "ftp://host"])("an address cannot be %j", (value) => {
  vi.stubEnv("INGRESS_URL", value);
  expect(ingressUrl).toThrow("INGRESS_URL must be an http address");
});

test("a port is at most 65535", () => {
  vi.stubEnv("PORT", "65536");
  expect(() => port("PORT", 9080)).toThrow("PORT must be a port number");
});
