import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { viewOf } from "../history/index.ts";
import { operation } from "./kind.ts";
import { complaint, named, recordOf, Script } from "./testing.ts";
import { violation } from "./violation.ts";

const take = operation({
  args: fc.record({ product: fc.constant("@p"), count: fc.nat() }),
  request: ({ product, count }) => ({ call: "shop/take", key: product, input: count, idempotencyKey: "k" }),
  routes: { front: ({ product }) => ({ front: "POST /take/:product", params: { product } }) },
  answer: z.object({ left: z.number() }),
  answerOf: ({ code }) => (code === 410 ? { left: 0 } : undefined),
  failsWith: ({ args: { count } }) => (count > 5 ? [422] : []),
});
const look = operation({ args: fc.constant(null), request: () => ({ call: "shop/look" }) });
named({ take, look });
const view = viewOf(
  new Script()
    .invoke("o1", take, { product: "@p", count: 1 })
    .ok("o1", { left: 3 })
    .invoke("o2", look, null)
    .invoke("o3", take, { product: "@p", count: 2 }, { route: "front" })
    .info("o3")
    .history(),
);
const all = view.operations;

test("a kind knows its own, with the types of its arguments and results", () => {
  expect(take.among(all).map(({ id, args: { count }, result }) => [id, count, result?.left])).toEqual([
    ["o1", 1, 3],
    ["o3", 2, undefined],
  ]);
  expect(all.map((one) => look.is(one))).toEqual([false, true, false]);
});

test("every, some and someTwo look at its operations, in their order", async () => {
  const wrong = take.every(({ args: { count } }) => count === 2 && violation("two"));
  expect(await complaint(wrong, view.history)).toMatchObject({ summary: "two" });
  expect(
    await complaint(
      look.every(() => undefined),
      view.history,
    ),
  ).toBeUndefined();
  expect(take.some(({ route }) => route === "front")(view)).toBe(true);
  expect(look.some(({ result }) => result !== undefined)(view)).toBe(false);
  expect(take.someTwo((a, b) => a.id === "o1" && b.id === "o3")(view)).toBe(true);
  expect(take.someTwo((a, b) => a.id === "o3" && b.id === "o1")(view)).toBe(false);
});

test("what it is to a model: the input and the output of its own, and nothing of others", () => {
  const [first, second, third] = all;
  if (!first || !second || !third) throw new Error("the history has three operations");
  const plainly = take.as(({ args: { count } }) => (count === 1 ? count : undefined));
  expect([first, second, third].map((one) => plainly.input(one, view))).toEqual([1, undefined, undefined]);
  expect([first, second, third].map((one) => plainly.output(one))).toEqual([{ left: 3 }, undefined, undefined]);
  const mapped = take.as(
    ({ args: { count } }) => count,
    ({ left }) => left,
  );
  expect([mapped.input(third, view), mapped.output(first)]).toEqual([2, 3]);
});

test("a route makes another request of the same arguments; one that is not there is named", () => {
  const args = { product: "@p", count: 1 };
  expect(take.definition.request(args)).toMatchObject({ call: "shop/take" });
  expect(take.definition.request(args, "front")).toMatchObject({ front: "POST /take/:product" });
  expect(() => take.definition.request(args, "back")).toThrow('take has no route "back"; it has direct, front');
  expect(take.definition.storm.routes).toEqual(["direct", "front"]);
});

test("by default requests with one key and one target are one, whatever else; without a key each is its own", () => {
  const same = operation({
    args: fc.constant(null),
    request: () => ({ call: "a/b", key: "@o", idempotencyKey: "k" }),
    routes: { other: () => ({ call: "a/c", key: "@o", idempotencyKey: "k" }) },
  });
  expect(same.definition.identity(null)).toBe(same.definition.identity(null));
  expect(same.definition.identity(null)).not.toBe(same.definition.identity(null, "other"));
  expect(look.definition.identity(null)).toBeUndefined();
  const own = operation({ args: fc.nat(), request: () => ({ call: "a/b" }), identity: (n: number) => `number ${n}` });
  expect([own.definition.identity(1), own.definition.identity(2, "any")]).toEqual(["number 1", "number 2"]);
});

test("how it may fail depends on the operation, and of its invocation, where that is another thing", () => {
  const record = (count: number) => recordOf({ args: { product: "@p", count } });
  expect([take.definition.failsWith(record(1), view), take.definition.failsWith(record(6), view)]).toEqual([[], [422]]);
  expect(take.definition.invocationFailsWith(record(6), view)).toEqual([422]);
  expect(look.definition.failsWith(record(1), view)).toEqual([]);
  const sent = operation({
    args: fc.constant(null),
    request: () => ({ call: "a/b", send: true }),
    failsWith: [400],
    oneWay: true,
  });
  sent.definition.invocationFailsToo(() => [410]);
  expect(sent.definition.failsWith(recordOf(), view)).toEqual([400]);
  expect(sent.definition.invocationFailsWith(recordOf(), view)).toEqual([400, 410]);
});

test("answers are held against their shape, and a refusal may be one", () => {
  const { definition } = take;
  expect([definition.answerComplaint({ left: 1 }), look.definition.answerComplaint("whatever")]).toEqual([
    undefined,
    undefined,
  ]);
  expect(definition.answerComplaint({})).toContain("left");
  expect(definition.answerOf({ code: 410, message: "gone" })).toEqual({ left: 0 });
  expect(definition.answerOf({ code: 409, message: "?" })).toBeUndefined();
});

test("what its answer means: by default that it was accepted, where it is sent one way", () => {
  const call = { request: { call: "a/b" } };
  const sent = { request: { call: "a/b", send: true as const } };
  expect([look.definition.isOneWay(call), look.definition.isOneWay(sent)]).toEqual([false, true]);
  expect(look.definition.isOneWay({ request: undefined })).toBe(false);
  const always = operation({ args: fc.constant(null), request: () => ({ front: "POST /x" }), oneWay: true });
  expect(always.definition.isOneWay({ request: { front: "POST /x" } })).toBe(true);
});

test("storms know what may be made again, and how often others interrupt it", () => {
  const { storm } = take.definition;
  expect([
    storm.isIdempotent({ product: "@p", count: 1 }),
    storm.isIdempotent({ product: "@p", count: 1 }, "front"),
  ]).toEqual([true, true]);
  expect(look.definition.storm.isIdempotent(null)).toBe(false);
  expect(storm.interruptions).toEqual({ attach: 1, cancel: 2, terminate: 1 });
  const interruptions = (given: { cancel: number } | false) =>
    operation({ args: fc.constant(null), request: () => ({ call: "a/b" }), interruptions: given }).definition.storm
      .interruptions;
  expect(interruptions(false)).toEqual({ attach: 0, cancel: 0, terminate: 0 });
  expect(interruptions({ cancel: 0 })).toEqual({ attach: 1, cancel: 0, terminate: 1 });
});
