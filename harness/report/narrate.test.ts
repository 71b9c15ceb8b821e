import { expect, test } from "vitest";
import { label, narrate } from "./narrate.ts";
import { restlessTrip, twoWinners } from "./samples.ts";

const sentences = ({ history }: ReturnType<typeof twoWinners>, labels = {}) =>
  history.events.map((event) => narrate(event, { plan: history.plan, labels }));

test("every event is told in one sentence that stands alone", () => {
  expect(sentences(twoWinners(), { "kill-endpoint": "the endpoint is killed" }).slice(0, 9)).toEqual([
    "operation 1 is invoked: client A: call product/@p1/reserve, idempotency key @r1, asking again at most once if the connection breaks",
    "attempt 1 of product/@p1/reserve (operation 1) starts",
    "operation 2 is invoked: client B: call product/@p1/reserve, idempotency key @r2",
    "kill-endpoint injected: the endpoint is killed (operation 1, attempt 1, SetState to the server)",
    "attempt 1 of product/@p1/reserve (operation 1) is lost",
    "attempt 1 of product/@p1/reserve (operation 2) starts",
    "attempt 1 of product/@p1/reserve (operation 2) ends",
    "operation 2 (client B) is answered true",
    "kill-endpoint healed: the endpoint is killed",
  ]);
});

test("the ledger, errors and silences have their labels too", () => {
  const told = sentences(restlessTrip());
  expect(told).toContain("flights: reserve @t1-flight for @t1 takes effect, by attempt 1 of operation 1");
  expect(told).toContain("flights: reserve @t1-flight for @t1 is answered from memory, by attempt 2 of operation 1");
  expect(told).toContain("cars: reserve @t1-car for @t1 is declined, by attempt 1 of operation 1");
  expect(told).toContain("cars: reserve @t1-car2 for @t1 lapses, by attempt 1 of operation 1");
  expect(told).toContain("attempt 1 of paymentAudit/@t1/note (operation 1, child 1) starts");
  expect(told).toContain(
    "attempt 3 of BookingWorkflow/@t1/run (operation 1) fails: 570 journal mismatch at 7: expected Run, got Sleep",
  );
  expect(told).toContain("operation 2 (client A) gets no answer: no answer within 5 s");
  expect(told).toContain("kill-server never came to its moment");
});

test("an operation that the plan does not know is called by its id", () => {
  const { plan } = twoWinners();
  expect(narrate({ type: "info", at: 1, operation: "o9", reason: "reset" }, { plan })).toBe(
    'operation "o9" gets no answer: reset',
  );
});

test("labels are short: an input is in them only when it is", () => {
  const { plan } = restlessTrip();
  const small = { ...plan, operations: plan.operations.map((operation) => ({ ...operation, input: 7 })) };
  expect(label({ type: "invoke", at: 0, operation: "o4" }, { plan })).toBe("1 book");
  expect(label({ type: "invoke", at: 0, operation: "o4" }, { plan: small })).toBe("1 book 7");
  expect(label({ type: "fail", at: 0, operation: "o4", status: 409, message: "Cancelled" }, { plan })).toBe(
    "409 Cancelled",
  );
});
