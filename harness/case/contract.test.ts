import fc from "fast-check";
import { expect, test } from "vitest";
import { cancel, operation } from "../property/index.ts";
import { propertyOf } from "../property/testing.ts";
import { type Adapter, Contract } from "./contract.ts";
import { makeTag } from "./tag.ts";

const take = operation({
  args: fc.record({ product: fc.constant("@p1") }),
  request: ({ product }: { product: string }) => ({ call: "shop/take", key: product, idempotencyKey: product }),
  routes: {
    front: ({ product }) => ({ front: "POST /take/:product", params: { product } }),
    other: ({ product }) => ({ front: "POST /take/:product", params: { product }, app: "other-app" }),
  },
  identity: ({ product }) => `take ${product}`,
  answerOf: ({ code }) => (code === 410 ? { taken: false } : undefined),
  undoneByCancel: true,
});
const send = operation({ args: fc.constant(null), request: () => ({ call: "shop/send", send: true }) });
const property = propertyOf({ pattern: "shops", operations: { take, send } });
const moment = { now: 0, webhooks: [] };
const tag = makeTag(Math.random);
const contract = (adapter?: Adapter) => new Contract(property, adapter, tag);

const product = { product: "@p1" };
const direct = take(product).as("o1");
const cancelling = cancel("o1").as("o2");

test("what is asked for names the ids of the case; a history shows those of the plan", () => {
  const wish = contract().wish(direct, undefined, moment);
  const request = { call: "shop/take", key: `${tag}p1`, idempotencyKey: `${tag}p1` };
  expect(wish).toEqual({ app: "shops", request });
  expect(contract().shown(wish)).toEqual({ call: "shop/take", key: "@p1", idempotencyKey: "@p1" });
});

test("a request to a front app goes to the pattern's, or to the one that it names", () => {
  expect(contract().wish(take(product).via("front").as("o1"), undefined, moment)).toMatchObject({ app: "shops" });
  expect(contract().wish(take(product).via("other").as("o1"), undefined, moment)).toMatchObject({ app: "other-app" });
});

test("what is about another operation is about its invocation; nothing can be asked of one that made none", () => {
  expect(contract().wish(cancelling, "inv_1", moment)).toEqual({ kind: "cancel", invocation: "inv_1" });
  expect(contract().wish(cancelling, undefined, moment)).toBeUndefined();
  expect(contract().shown(contract().wish(cancelling, "inv_1", moment))).toBeUndefined();
});

test("a kind that the property does not have is named", () => {
  const odd = { ...direct, kind: "steal" };
  expect(() => contract().wish(odd, undefined, moment)).toThrow(
    'property "a property" has no kind of operation "steal"',
  );
});

test("identity, cancellation and acceptance are what the kind says; those of no kind have none", () => {
  expect([contract().identity(direct), contract().identity(cancelling)]).toEqual(["take @p1", undefined]);
  expect([contract().isUndoneByCancel(direct), contract().isUndoneByCancel(cancelling)]).toEqual([true, false]);
  const sent = send(null).as("o3");
  expect(contract().isOneWay(sent, { call: "shop/send", send: true })).toBe(true);
  expect(contract().isOneWay(direct, { call: "shop/take" })).toBe(false);
});

test("a refusal that is an answer in the words of the pattern is a result; others stay", () => {
  const gone = { type: "fail", code: 410, message: "gone", invocation: "inv_1" } as const;
  expect(contract().translated(gone, direct)).toEqual({ type: "ok", value: { taken: false }, invocation: "inv_1" });
  const refused = { type: "fail", code: 422, message: "no" } as const;
  expect(contract().translated(refused, direct)).toEqual(refused);
  // what is known of no kind, or says nothing of the outcome, is left alone
  expect(contract().translated(gone, undefined)).toEqual(gone);
  const open = { type: "info", reason: "status 503" } as const;
  expect(contract().translated(open, direct)).toEqual(open);
});

test("another implementation is asked in its own words, and its answers come back in the contract's", () => {
  const adapter: Adapter = {
    request: (kind, args, route) => (route === undefined ? { call: `${kind}/now`, input: args } : undefined),
    result: (_, answer) => {
      if ("value" in answer) return { value: { got: answer.value } };
      return answer.error.code === 404 ? { error: { code: 410, message: answer.error.message } } : undefined;
    },
  };
  const theirs = contract(adapter);
  expect(theirs.wish(direct, undefined, moment)).toMatchObject({
    request: { call: "take/now", input: { product: `${tag}p1` } },
  });
  expect(theirs.wish(take(product).via("front").as("o1"), undefined, moment)).toMatchObject({
    request: { front: "POST /take/:product" },
  });
  expect(theirs.translated({ type: "ok", value: 1, invocation: "i" }, direct)).toEqual({
    type: "ok",
    value: { got: 1 },
    invocation: "i",
  });
  // the failure is translated first; then it may stand for an answer
  expect(theirs.translated({ type: "fail", code: 404, message: "?" }, direct)).toMatchObject({
    type: "ok",
    value: { taken: false },
  });
  expect(theirs.translated({ type: "fail", code: 500, message: "?" }, direct)).toMatchObject({ code: 500 });
});
