import { expect, test } from "vitest";
import { label, narrate } from "./narrate.ts";
import { restlessTrip, twoWinners } from "./samples.ts";

const sentences = ({ history }: ReturnType<typeof twoWinners>, labels = {}) =>
  history.events.map((event) => narrate(event, { operations: history.operations, labels }));

test("every event is told in one sentence that stands alone", () => {
  expect(sentences(twoWinners(), { "kill-endpoint": "the endpoint is killed" }).slice(0, 9)).toEqual([
    "o1 (client A) invokes reserve(product: @p1, reservation: @r1): product/@p1/reserve",
    "attempt 1 of product/@p1/reserve (o1) starts",
    "o2 (client B) invokes reserve(product: @p1, reservation: @r2): product/@p1/reserve",
    "kill-endpoint injected: the endpoint is killed (o1 attempt 1, SetState to the server)",
    "attempt 1 of product/@p1/reserve (o1) is lost",
    "attempt 1 of product/@p1/reserve (o2) starts",
    "attempt 1 of product/@p1/reserve (o2) ends",
    "o2 (client B) is answered true",
    "kill-endpoint healed",
  ]);
});

test("the ledger, errors and silences have their labels too", () => {
  const told = sentences(restlessTrip());
  expect(told).toContain("flights: reserve @t1-flight for @t1 takes effect, by attempt 1 of o4");
  expect(told).toContain("flights: reserve @t1-flight for @t1 is answered from memory, by attempt 2 of o4");
  expect(told).toContain("cars: reserve @t1-car for @t1 is declined, by attempt 1 of o4");
  expect(told).toContain("cars: reserve @t1-car2 for @t1 lapses, by attempt 1 of o4");
  expect(told).toContain("attempt 1 of paymentAudit/@t1/note (o4, child 1) starts");
  expect(told).toContain(
    "attempt 3 of BookingWorkflow/@t1/run (o4) fails: 570 journal mismatch at 7: expected Run, got Sleep",
  );
  expect(told).toContain("o5 (client A) does not know how it ended: no answer within 5 s");
  expect(told).toContain("kill-server never came to its moment");
  expect(told).toContain("o7 (client B) invokes cancel o4");
  expect(told).toContain("recovery: all faults are healed, and what is under way is left to end");
  expect(told).toContain("afterwards: the invocation of o5 failed with 409: cancelled");
});

test("an operation that nobody knows is called by its id", () => {
  const { operations } = twoWinners().history;
  expect(narrate({ type: "info", at: 1, operation: "o9", reason: "reset" }, { operations })).toBe(
    "o9 does not know how it ended: reset",
  );
});

test("labels are short: arguments are in them only when they are", () => {
  const { operations } = restlessTrip().history;
  const small = operations.map((operation) => ({ ...operation, args: 7 }));
  expect(label({ type: "invoke", at: 0, operation: "o4" }, { operations })).toBe("o4 book");
  expect(label({ type: "invoke", at: 0, operation: "o4" }, { operations: small })).toBe("o4 book(7)");
  expect(label({ type: "fail", at: 0, operation: "o4", code: 409, message: "Cancelled" }, { operations })).toBe(
    "409 Cancelled",
  );
  expect(label({ type: "recovery", at: 0 }, { operations })).toBe("recovery");
  expect(label({ type: "learned", at: 0, operation: "o4", outcome: { value: 3 } }, { operations })).toBe(
    "o4 succeeded with 3",
  );
});
