import Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { stripeClient } from "../../../src/external/stripe.ts";
import { type Exchange, types, worldOverFetch } from "../testing.ts";
import { FAILS_AFTER_CHARGE, FAILS_BEFORE_CHARGE, invoiceObject, type StripeSettings, stripe } from "./index.ts";
import { paymentMethodObject } from "./payment-methods.ts";
import { shapeDifferences, startStripeMock } from "./stripe-mock.ts";

const payment: Stripe.PaymentIntentCreateParams = {
  amount: 500,
  currency: "usd",
  payment_method: "pm_card_visa",
  confirm: true,
  return_url: "https://example.org/",
  metadata: { reference: "t1", awakeable: "prom_1" },
};
const declined = { ...payment, payment_method: "pm_card_visa_chargeDeclined" };
const key = (idempotencyKey: string) => ({ idempotencyKey });

/** All that the client asked for in the tests of this file. */
const exchanges: Exchange[] = [];

/** The official client, over a fetch that calls the double. */
function open(settings: StripeSettings = {}) {
  const played = worldOverFetch([stripe(settings)], exchanges);
  const client = stripeClient();
  return { ...played, client, intents: client.paymentIntents };
}
const told = (webhooks: readonly { type: string; about: string }[]) => webhooks.map(({ type }) => type.split(".")[1]);

/** What the client throws. */
async function failureOf(promise: Promise<unknown>): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  const error = await promise.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (error instanceof Stripe.errors.StripeError) return error;
  throw new Error(`expected an error of Stripe, and got ${error}`);
}

test("a card is charged", async () => {
  const { intents, ledger, webhooks } = open();
  const intent = await intents.create(payment, key("k1"));
  expect(intent).toMatchObject({ status: "succeeded", amount: 500, amount_received: 500, metadata: payment.metadata });
  expect(intent.lastResponse).toMatchObject({ statusCode: 200, requestId: "req_1" });
  expect(await intents.retrieve(intent.id)).toEqual(intent);
  expect(told(webhooks)).toEqual(["created", "succeeded"]);
  const entry = { type: "effect", system: "stripe", key: intent.id, reference: "t1" };
  expect(ledger).toMatchObject([
    { ...entry, action: "create", data: { state: "requires_confirmation", amount: 500, amountReceived: 0 } },
    { ...entry, action: "confirm", data: { state: "succeeded", amountReceived: 500, metadata: payment.metadata } },
  ]);
});

test("what Stripe told is what the intent was then", async () => {
  const { client, intents, webhooks } = open();
  const { id } = await intents.create(payment, key("k1"));
  const { data: events } = await client.events.list();
  expect(events.map(({ type }) => type)).toEqual(["payment_intent.succeeded", "payment_intent.created"]);
  expect(events.map(({ data }) => data.object)).toMatchObject([
    { id, status: "succeeded" },
    { id, status: "requires_confirmation" },
  ]);
  expect(events[0]?.request).toEqual({ id: "req_1", idempotency_key: "k1" });
  expect(webhooks.map(({ content }) => content)).toEqual(events.toReversed());
  expect(await client.events.retrieve("evt_2")).toMatchObject({ type: "payment_intent.succeeded" });
  expect(await client.events.list({ types: ["payment_intent.created"] })).toMatchObject({ data: [{ id: "evt_1" }] });
});

test("a declined card is an error, and the intent waits for another one", async () => {
  const { intents, webhooks, ledger } = open();
  const error = await failureOf(intents.create(declined, key("k1")));
  expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
  expect(error).toMatchObject({
    statusCode: 402,
    code: "card_declined",
    decline_code: "generic_decline",
    message: "Your card was declined.",
    payment_intent: { status: "requires_payment_method", payment_method: null },
  });
  const id = error.payment_intent?.id ?? "";
  expect(told(webhooks)).toEqual(["created", "payment_failed"]);
  expect(types(ledger)).toEqual(["effect", "refusal"]);
  const confirmation = { payment_method: "pm_card_visa", return_url: "https://example.org/" };
  const paid = await intents.confirm(id, confirmation, key("k2"));
  expect(paid).toMatchObject({ status: "succeeded", last_payment_error: null });
});

test("an intent is made first, and confirmed and cancelled later", async () => {
  const { intents } = open();
  const { confirm: _, return_url, payment_method, ...plain } = payment;
  const bare = await intents.create(plain, key("k1"));
  expect(bare.status).toBe("requires_payment_method");
  expect(await failureOf(intents.confirm(bare.id, {}, key("k2")))).toMatchObject({
    statusCode: 400,
    code: "payment_intent_unexpected_state",
    payment_intent: { id: bare.id },
  });
  const ready = await intents.create({ ...plain, payment_method: "pm_card_visa" }, key("k3"));
  expect(ready.status).toBe("requires_confirmation");
  expect(await failureOf(intents.confirm(ready.id, {}, key("k4")))).toMatchObject({ param: "return_url" });
  const canceled = await intents.cancel(ready.id, { cancellation_reason: "abandoned" }, key("k5"));
  expect(canceled).toMatchObject({ status: "canceled", cancellation_reason: "abandoned" });
  for (const late of [intents.confirm(ready.id, { return_url: "https://x/" }), intents.cancel(ready.id)])
    expect(await failureOf(late)).toMatchObject({ statusCode: 400, code: "payment_intent_unexpected_state" });
});

test.each([
  ["succeeded", "succeeded", "succeeded"],
  ["requires_payment_method", "requires_payment_method", "payment_failed"],
  ["canceled", "canceled", "canceled"],
])("a delayed payment is processing, and ends as it is told: %s", async (delayed_status, status, event) => {
  const { intents, webhooks, world, advance, ledger } = open({ settleAfterMs: 100 });
  const intent = await intents.create({ ...payment, metadata: { delayed_status } }, key("k1"));
  expect(intent).toMatchObject({ status: "processing", amount_received: 0 });
  expect(world.dueAt()).toBe(100);
  for (const attempt of [intents.cancel(intent.id), intents.confirm(intent.id, { return_url: "https://x/" })])
    expect(await failureOf(attempt)).toMatchObject({ statusCode: 400, code: "payment_intent_unexpected_state" });
  advance(99);
  expect(told(webhooks)).toEqual(["created", "processing"]);
  advance(1);
  expect(told(webhooks)).toEqual(["created", "processing", event]);
  expect(ledger.at(-1)).toMatchObject({ action: "settle", data: { state: status } });
  expect(await intents.retrieve(intent.id)).toMatchObject({ status });
  expect(world.dueAt()).toBeUndefined();
});

test("a bank account takes its time, and whoever looks finds how it ended", async () => {
  const { intents, webhooks, world } = open({ settleAfterMs: 0 });
  const bank = { ...payment, payment_method: "pm_usBankAccount_insufficientFunds" };
  const { id, status } = await intents.create(bank, key("k1"));
  expect(status).toBe("processing");
  const error = { code: "payment_method_customer_decline", payment_method: { type: "us_bank_account" } };
  expect(await intents.retrieve(id)).toMatchObject({ status: "requires_payment_method", last_payment_error: error });
  expect(told(webhooks)).toEqual(["created", "processing", "payment_failed"]);
  expect(world.lapse("")).toEqual([]);
});

test("at the end of a run nothing is left processing", async () => {
  const { intents, world } = open();
  await intents.create({ ...payment, metadata: { reference: "a/1", delayed_status: "succeeded" } }, key("k1"));
  expect(world.lapse("b/")).toEqual([]);
  expect(world.lapse("a/")).toMatchObject([{ type: "effect", action: "settle", data: { state: "succeeded" } }]);
});

test("money is given back, not more than was taken", async () => {
  const { client, intents, ledger } = open();
  const { id } = await intents.create(payment, key("k1"));
  const part = await client.refunds.create({ payment_intent: id, amount: 200 }, key("r1"));
  expect(part).toMatchObject({ status: "succeeded", amount: 200, payment_intent: id });
  expect(await failureOf(client.refunds.create({ payment_intent: id, amount: 301 }))).toMatchObject({
    param: "amount",
  });
  const rest = await client.refunds.create({ payment_intent: id, reason: "duplicate" }, key("r2"));
  expect(rest.amount).toBe(300);
  expect(await client.refunds.create({ payment_intent: id, reason: "duplicate" }, key("r2"))).toEqual(rest);
  expect(await failureOf(client.refunds.create({ payment_intent: id }))).toMatchObject({
    code: "charge_already_refunded",
  });
  expect(await client.refunds.list({ payment_intent: id })).toMatchObject({ data: [{ id: rest.id }, { id: part.id }] });
  expect(await client.refunds.retrieve(part.id)).toEqual(part);
  expect(ledger.filter(({ action }) => action === "refund").map(({ type }) => type)).toEqual([
    "effect",
    "refusal",
    "effect",
    "repeat",
    "refusal",
  ]);
});

test("what was not paid cannot be given back", async () => {
  const { client, intents } = open();
  const processing = await intents.create({ ...payment, metadata: { delayed_status: "succeeded" } }, key("k1"));
  expect(await failureOf(client.refunds.create({ payment_intent: processing.id }))).toMatchObject({
    statusCode: 400,
    message: expect.stringContaining("does not have a successful charge"),
  });
  expect(await failureOf(client.refunds.create({ payment_intent: "pi_none" }))).toMatchObject({
    statusCode: 404,
    code: "resource_missing",
  });
});

test("the same key gives the same intent, and charges once", async () => {
  const { intents, ledger } = open();
  const [first, again] = [await intents.create(payment, key("k1")), await intents.create(payment, key("k1"))];
  expect(again).toEqual(first);
  expect(Object.fromEntries(new Headers(again.lastResponse.headers))).toMatchObject({
    "idempotent-replayed": "true",
    "original-request": "req_1",
  });
  expect(types(ledger)).toEqual(["effect", "effect", "repeat"]);
  const other = await intents.create(payment, key("k2"));
  expect(other.id).not.toBe(first.id);
});

test("a decline is remembered under its key", async () => {
  const { intents, ledger } = open();
  const [first, again] = [
    await failureOf(intents.create(declined, key("k1"))),
    await failureOf(intents.create(declined, key("k1"))),
  ];
  expect(again.payment_intent).toEqual(first.payment_intent);
  expect(types(ledger)).toEqual(["effect", "refusal", "repeat"]);
});

test("a key with other parameters, or at another endpoint, is refused", async () => {
  const { client, intents } = open();
  const { id } = await intents.create(payment, key("k1"));
  const reused = [intents.create({ ...payment, amount: 501 }, key("k1")), intents.cancel(id, {}, key("k1"))];
  for (const request of reused) {
    const error = await failureOf(request);
    expect(error).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    expect(error).toMatchObject({ statusCode: 400, rawType: "idempotency_error" });
  }
  expect((await client.paymentIntents.list()).data).toHaveLength(1);
});

test("while the first request with a key is under way, another one is answered 409", async () => {
  const { intents, advance, ledger } = open({ keyInUseMs: 20 });
  const first = await intents.create(payment, key("k1"));
  const error = await failureOf(intents.create(payment, key("k1")));
  expect(error).toMatchObject({ statusCode: 409, code: "idempotency_key_in_use" });
  advance(20);
  expect(await intents.create(payment, key("k1"))).toEqual(first);
  expect(types(ledger)).toEqual(["effect", "effect", "refusal", "repeat"]);
});

test("a request that was not begun leaves its key free", async () => {
  const { intents } = open();
  expect(await failureOf(intents.create({ ...payment, amount: 0 }, key("k1")))).toMatchObject({ param: "amount" });
  expect((await intents.create(payment, key("k1"))).status).toBe("succeeded");
});

test.each([
  [FAILS_BEFORE_CHARGE, "requires_confirmation"],
  [FAILS_AFTER_CHARGE, "succeeded"],
])("a failure of Stripe is stored under its key, and the intent is found by a look-up: %s", async (method, status) => {
  const { intents } = open();
  const failing = { ...payment, payment_method: method };
  for (const _ of [1, 2]) {
    const error = await failureOf(intents.create(failing, key("k1")));
    expect(error).toBeInstanceOf(Stripe.errors.StripeAPIError);
    expect(error).toMatchObject({ statusCode: 500, headers: { "stripe-should-retry": "false" } });
  }
  const found = await intents.search({ query: "metadata['awakeable']:'prom_1'" });
  expect(found.data).toMatchObject([{ status, metadata: payment.metadata }]);
  expect(await intents.list({ limit: 1 })).toMatchObject({ data: found.data, has_more: false });
});

test("intents are listed page by page, the newest first", async () => {
  const { intents, advance } = open();
  for (const number of [1, 2, 3, 4, 5]) {
    await intents.create({ ...payment, metadata: { number } }, key(`k${number}`));
    advance(1000);
  }
  const numbers: unknown[] = [];
  for await (const { metadata } of intents.list({ limit: 2 })) numbers.push(metadata.number);
  expect(numbers).toEqual(["5", "4", "3", "2", "1"]);
  const numbersOf = ({ data }: Stripe.ApiList<Stripe.PaymentIntent>) => data.map(({ metadata }) => metadata.number);
  expect(numbersOf(await intents.list({ created: { gte: 1, lt: 3 } }))).toEqual(["3", "2"]);
  expect(numbersOf(await intents.list({ limit: 2, ending_before: "pi_2" }))).toEqual(["4", "3"]);
  const found: unknown[] = [];
  for await (const { metadata } of intents.search({ query: "status:'succeeded' AND amount:500", limit: 2 }))
    found.push(metadata.number);
  expect(found).toEqual(numbers);
});

test("metadata of any names and texts come back, and are found", async () => {
  const { intents } = open();
  const metadata: Record<string, string> = {
    "it's": "a 'quoted' \\ text AND more",
    "a[b]c": "x&y=z",
    é: "😀",
    " ": " ",
  };
  Object.defineProperty(metadata, "__proto__", { value: "p", enumerable: true });
  const { id } = await intents.create({ ...payment, metadata }, key("k1"));
  await intents.create(payment, key("k2"));
  expect(Object.entries((await intents.retrieve(id)).metadata).sort()).toEqual(Object.entries(metadata).sort());
  const quoted = (text: string) => text.replace(/['\\]/g, "\\$&");
  for (const [name, value] of Object.entries(metadata)) {
    const { data } = await intents.search({ query: `metadata['${quoted(name)}']:'${quoted(value)}'` });
    expect(data.map((one) => one.id)).toEqual([id]);
  }
});

test.each<[Record<string, unknown>, string]>([
  [{ amount: undefined }, "amount"],
  [{ amount: "many" }, "amount"],
  [{ amount: 1.5 }, "amount"],
  [{ amount: 49 }, "amount"],
  [{ currency: "dollars" }, "currency"],
  [{ confirm: "perhaps" }, "confirm"],
  [{ capture_method: "manual" }, "capture_method"],
  [{ payment_method: "pm_none" }, "payment_method"],
  [{ metadata: { a: "x".repeat(501) } }, "metadata[a]"],
  [{ return_url: undefined }, "return_url"],
  [{ wishes: "none" }, "wishes"],
  [{ automatic_payment_methods: { enabled: true, sometimes: true } }, "automatic_payment_methods[sometimes]"],
  [{ payment_method_types: ["us_bank_account"] }, "payment_method"],
  [{ allowed_payment_method_types: ["us_bank_account"] }, "payment_method"],
])("a request with %j is refused, the parameter is named, and nothing is made", async (change, param) => {
  const { client, ledger } = open();
  const entries = Object.entries({ ...payment, ...change }).filter(([, value]) => value !== undefined);
  const wrong = Object.fromEntries(entries);
  const error = await failureOf(client.rawRequest("POST", "/v1/payment_intents", wrong));
  expect(error).toMatchObject({ statusCode: 400, rawType: "invalid_request_error", param });
  expect(types(ledger)).toEqual(["refusal"]);
  expect((await client.paymentIntents.list()).data).toEqual([]);
});

test("without redirects no address to return to is needed", async () => {
  const { intents } = open();
  const { return_url: _, ...plain } = payment;
  const automatic = { automatic_payment_methods: { enabled: true, allow_redirects: "never" as const } };
  expect((await intents.create({ ...plain, ...automatic }, key("k1"))).status).toBe("succeeded");
  const allowed = { allowed_payment_method_types: ["card" as const] };
  const intent = await intents.create({ ...plain, ...allowed }, key("k2"));
  expect(intent).toMatchObject({ status: "succeeded", payment_method_types: ["card"], ...allowed });
});

test("what the double does not cover is refused and named", async () => {
  const { client } = open();
  expect(await failureOf(client.customers.create())).toMatchObject({
    statusCode: 404,
    message: expect.stringContaining("/v1/customers"),
  });
  expect(await failureOf(client.paymentIntents.search({ query: "customer:'cus_1'" }))).toMatchObject({
    param: "query",
  });
});

test("a secret key is asked for, and a version that there may be", async () => {
  const { ledger } = open();
  const send = (headers: Record<string, string>) =>
    fetch("http://127.0.0.1:5070/stripe/v1/payment_intents", { headers }).then(async (answer) => ({
      status: answer.status,
      version: answer.headers.get("stripe-version"),
      body: await answer.json(),
    }));
  const authorization = "Bearer sk_test_1";
  expect(await send({})).toMatchObject({ status: 401, body: { error: { type: "invalid_request_error" } } });
  expect(await send({ authorization: "Bearer pk_live_1" })).toMatchObject({ status: 401 });
  expect(await send({ authorization: `Basic ${btoa("sk_test_1:")}` })).toMatchObject({ status: 200 });
  expect(await send({ authorization, "stripe-version": "2024-06-20" })).toMatchObject({
    status: 200,
    version: "2024-06-20",
  });
  expect(await send({ authorization, "stripe-version": "newest" })).toMatchObject({ status: 400 });
  expect(types(ledger)).toEqual(["refusal", "refusal", "refusal"]);
});

test("parameters come as a form", async () => {
  open();
  const answer = await fetch("http://127.0.0.1:5070/stripe/v1/payment_intents", {
    method: "POST",
    headers: { authorization: "Bearer sk_test_1", "content-type": "application/json" },
    body: JSON.stringify({ amount: 500, currency: "usd" }),
  });
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("x-www-form-urlencoded")]);
});

describe("what Stripe's own stripe-mock says of it", () => {
  /** Errors that speak of the state of things and not of the form of the request. */
  const isWellFormed = ({ status, body }: Exchange["answer"]): boolean => {
    if ([200, 402, 409, 500].includes(status)) return true;
    const { type, code } = JSON.parse(body).error;
    return (
      type === "idempotency_error" || ["payment_intent_unexpected_state", "charge_already_refunded"].includes(code)
    );
  };

  test("it accepts every request that the client made here, and its answers have the shape of ours", async (context) => {
    const mock = await startStripeMock();
    if ("absent" in mock) return context.skip(`stripe-mock was not asked: ${mock.absent}`);
    try {
      const asked = new Map(
        exchanges
          .filter(({ answer }) => isWellFormed(answer))
          .map(({ request, answer }) => [JSON.stringify([request, answer.body]), { request, answer }]),
      );
      expect(asked.size).toBeGreaterThan(40);
      for (const { request, answer } of asked.values()) {
        const path = request.path.replace("/stripe", "");
        const theirs = await mock.send(request.method, path, request.headers, request.body);
        expect(theirs, `${request.method} ${path} ${request.body}`).toMatchObject({ status: 200 });
        const ours = JSON.parse(answer.body);
        if (answer.status === 200) expect(shapeDifferences(ours, theirs.body), path).toEqual([]);
        else if (ours.error.payment_intent)
          expect(shapeDifferences(ours.error.payment_intent, theirs.body)).toEqual([]);
      }
    } finally {
      await mock.stop();
    }
  }, 180_000);

  test("its resources have the shape of those that stand in our events and errors", async (context) => {
    const mock = await startStripeMock();
    if ("absent" in mock) return context.skip(`stripe-mock was not asked: ${mock.absent}`);
    try {
      const authorization = { authorization: "Bearer sk_test_1" };
      const get = async (path: string) => (await mock.send("GET", path, authorization)).body;
      const [invoice, method] = [await get("/v1/invoices/in_1"), await get("/v1/payment_methods/pm_1")];
      expect(shapeDifferences(invoiceObject({ id: "in_1" }), invoice)).toEqual([]);
      expect(shapeDifferences(invoiceObject({ id: "in_1", isPaid: true }), invoice)).toEqual([]);
      expect(shapeDifferences(paymentMethodObject("pm_card_visa"), method)).toEqual([]);
      const { intents } = open();
      await intents.create(payment, key("k1"));
      const [event] = (await stripeClient().events.list()).data;
      expect(shapeDifferences(event?.data.object, await get("/v1/payment_intents/pi_1"))).toEqual([]);
    } finally {
      await mock.stop();
    }
  }, 180_000);

  test.each([
    [{ a: 1 }, { a: 1, b: 2 }, ["b is missing"]],
    [{ a: 1, c: 1 }, { a: 1 }, ["c is not one of its fields"]],
    [{ a: "1" }, { a: 1 }, ["a is a string, and theirs is a number"]],
    [{ a: [{ b: 1 }] }, { a: [{ c: 1 }] }, ["a.0.c is missing", "a.0.b is not one of its fields"]],
    [{ a: {} }, { a: [] }, ["a is an object, and theirs is an array"]],
    [{ a: null, metadata: { x: 1 } }, { a: { b: 1 }, metadata: {} }, []],
  ])("a difference is found: %j and %j", (ours, theirs, differences) => {
    expect(shapeDifferences(ours, theirs)).toEqual(differences);
  });
});
