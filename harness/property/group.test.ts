import fc from "fast-check";
import { expect, test } from "vitest";
import { viewOf } from "../history/index.ts";
import { type Groups, groupBy } from "./group.ts";
import { operation } from "./kind.ts";
import { complaint, named, Script } from "./testing.ts";
import { violation } from "./violation.ts";

const args = fc.record({ trip: fc.string(), seat: fc.nat() });
const request = ({ trip }: { trip: string; seat: number }) => ({ call: "trips/book", idempotencyKey: trip });
const [book, change, other] = [
  operation({ args, request }),
  operation({ args, request }),
  operation({ args, request }),
];
named({ book, change, other });
const trips = groupBy({ of: [book, change], by: ({ trip }) => trip });
const t1 = { trip: "@t1", seat: 1 };
const t2 = { trip: "@t2", seat: 2 };

const script = new Script()
  .invoke("o1", book, t1)
  .invoke("o2", change, { ...t1, seat: 9 })
  .invoke("o3", book, t2)
  .invoke("o4", other, t1)
  .about("o5", "cancel", "o3")
  .about("o6", "attach", "o1")
  .about("o7", "terminate", "o9")
  .inject("f1", "stall", "o2")
  .inject("f2", "stall", "o4")
  .effect("flights reserve k", { reference: "@t1" })
  .effect("flights reserve k", { reference: "@t1", type: "refusal" })
  .effect("flights reserve k", { reference: "@t3" })
  .effect("flights reserve k")
  .invoke("a1", book, t1, { client: "audit" })
  .ok("o1");
const view = viewOf(script.history());
const ids = (records: readonly { id: string }[]) => records.map(({ id }) => id);

test("a group has all that was asked about one thing, in the order of the invokes, and all that happened for it", () => {
  const [first, second, ...others] = trips.in(view);
  expect([first?.key, second?.key, others]).toEqual(["@t1", "@t2", []]);
  expect(ids(first?.operations ?? [])).toEqual(["o1", "o2", "a1"]);
  expect(ids(second?.operations ?? [])).toEqual(["o3"]);
  // o1, o2 and a1 have one key, and the same target
  expect(ids(first?.requests ?? [])).toEqual(["o1"]);
  expect(ids(first?.attached ?? [])).toEqual(["o6"]);
  expect([ids(first?.interruptions ?? []), ids(second?.interruptions ?? [])]).toEqual([[], ["o5"]]);
  expect(ids(first?.faults ?? [])).toEqual(["f1"]);
  expect(first?.ledger.map(({ type }) => type)).toEqual(["effect", "refusal"]);
  expect(first?.effects).toHaveLength(1);
  expect(second?.ledger).toEqual([]);
});

test("a group was interrupted when one of its operations was", () => {
  const of = (kind: "cancel" | "terminate") =>
    trips.in(viewOf(new Script().invoke("o1", book, t1).about("o2", kind, "o1").history()))[0];
  expect(of("cancel")).toMatchObject({ isCancelled: true, isTerminated: false, isInterrupted: true });
  expect(of("terminate")).toMatchObject({ isCancelled: false, isTerminated: true, isInterrupted: true });
  expect(trips.in(view)[0]).toMatchObject({ isCancelled: false, isTerminated: false, isInterrupted: false });
});

test("groups are made once for a history", () => {
  expect(trips.in(view)).toBe(trips.in(viewOf(view.history)));
});

test("every judges each group, by the first violation", async () => {
  const seen: string[] = [];
  const judged = (wrong: string) => (of: { key: string }) => {
    seen.push(of.key);
    return of.key === wrong && violation(`${of.key} is wrong`);
  };
  expect(await complaint(trips.every(judged("@t1")), view.history)).toMatchObject({ summary: "@t1 is wrong" });
  expect(seen).toEqual(["@t1"]);
  expect(await complaint(trips.every(judged("@t2")), view.history)).toMatchObject({ summary: "@t2 is wrong" });
  expect(await complaint(trips.every(judged("@t3")), view.history)).toBeUndefined();
});

test("some and someTwo look for a group, and for two of one group in their order", () => {
  expect(trips.some(({ effects }) => effects.length > 0)(view)).toBe(true);
  expect(trips.some(({ effects }) => effects.length > 1)(view)).toBe(false);
  const pairs: string[] = [];
  const none = trips.someTwo((a, b) => {
    pairs.push(`${a.id} ${b.id}`);
    return false;
  });
  expect(none(view)).toBe(false);
  expect(pairs).toEqual(["o1 o2", "o1 a1", "o2 a1"]);
  expect(trips.someTwo((a, b) => a.id === "o2" && b.id === "a1")(view)).toBe(true);
});

test("keys are those of a plan's operations of these kinds, each once", () => {
  expect(trips.keysOf(script.history().operations)).toEqual(["@t1", "@t2"]);
  expect(trips.keysOf([])).toEqual([]);
});

test("what an effect is about can be told otherwise, or is nothing", () => {
  const byKey = groupBy({
    of: [book],
    by: ({ trip }) => trip,
    effectsBy: ({ key }) => (key === "k" ? "@t2" : undefined),
  });
  expect(byKey.in(view).map(({ key, effects }) => [key, effects.length])).toEqual([
    ["@t1", 0],
    ["@t2", 3],
  ]);
  const entry = view.ledger[3];
  expect(entry && [trips.keyOfEffect(entry, view), byKey.keyOfEffect(entry, view)]).toEqual([undefined, "@t2"]);
});

test("an effect can be of the operation that caused it, where the service tells nobody what it is about", () => {
  const byOperation = groupBy({
    of: [book],
    by: ({ trip }) => trip,
    effectsBy: ({ operation = "" }, { operation: known }) => known(operation)?.id,
  });
  const caused = view.ledger.find(({ operation }) => operation !== undefined);
  expect(caused && byOperation.keyOfEffect(caused, view)).toBe(caused?.operation);
});

test("something is asked for from its first invoke on", () => {
  const asked = (of: Groups, key: string, before: number) => of.isAsked(key, before, view);
  expect([asked(trips, "@t2", 2), asked(trips, "@t2", 3), asked(trips, "@t3", 99)]).toEqual([false, true, false]);
});

test("a group is found by its key", () => {
  expect([trips.get("@t2", view)?.key, trips.get("@t3", view)]).toEqual(["@t2", undefined]);
});

test("a group gives reasons to refuse its operations: of those that are one way, only to fail their invocations", () => {
  const [ask, send] = [
    operation({ args, request, failsWith: [400] }),
    operation({ args, request: (of) => ({ ...request(of), send: true }), failsWith: [400] }),
  ];
  named({ ask, send });
  groupBy({
    of: [ask, send],
    by: ({ trip }) => trip,
    failsWith: ({ operations }, one) => ({ 409: operations.length > 1, 422: one.args.seat > 5, 500: false }),
  });
  const asked = viewOf(
    new Script()
      .invoke("o1", ask, t1)
      .invoke("o2", send, { ...t1, seat: 9 })
      .invoke("o3", ask, t2)
      .history(),
  );
  const reasons = (of: typeof ask, id: string) => {
    const record = asked.operation(id);
    return record && [of.definition.failsWith(record, asked), of.definition.invocationFailsWith(record, asked)];
  };
  expect(reasons(ask, "o1")).toEqual([
    [400, 409],
    [400, 409],
  ]);
  expect(reasons(send, "o2")).toEqual([[400], [400, 409, 422]]);
  expect(reasons(ask, "o3")).toEqual([[400], [400]]);
});
