import { expect, test } from "vitest";
import { describeCall, describeFault, describeMoment, describeOperation, describePlan, ordinal } from "./describe.ts";
import type { Moment, Operation, Plan } from "./plan.ts";

const reserve = { service: "product", key: "@p1", handler: "reserve" };
const plan: Plan = {
  operations: [
    { id: "o1", client: "A", kind: "reserve", mode: "call", call: reserve, idempotencyKey: "@r1", retries: 1 },
    { id: "o5", client: "B", kind: "reserve", mode: "call", call: reserve, idempotencyKey: "@r1", after: ["o1"] },
    { id: "o3", client: "A", kind: "cancel", mode: "cancel", of: "o5", after: ["o1", "o5"] },
  ],
  faults: [
    {
      id: "f1",
      kind: "kill-endpoint",
      at: { at: "message", operation: "o1", attempt: 1, direction: "to-server", message: 2, when: "before" },
    },
    {
      id: "f2",
      kind: "stall",
      at: { at: "effect", operation: "o5", call: 1, when: "after" },
      heal: { at: "operation", operation: "o3", point: "completion", when: "after" },
    },
  ],
  pins: [
    {
      first: { at: "operation", operation: "o1", point: "completion", when: "after" },
      second: { at: "operation", operation: "o5", point: "invoke", when: "before" },
    },
  ],
};
const operation = (rest: Partial<Operation>): Operation => ({ id: "x", client: "A", kind: "k", mode: "call", ...rest });

test("a plan is told as numbered operations, then faults, then the order that is kept", () => {
  expect(describePlan(plan, { "kill-endpoint": "the endpoint is killed" })).toEqual([
    "1. client A: call product/@p1/reserve, idempotency key @r1, asking again at most once if the connection breaks",
    "2. [o5] client B, after 1: call product/@p1/reserve, idempotency key @r1",
    "3. client A, after 1 and 2: cancel the invocation of operation 2",
    "fault: the endpoint is killed (kill-endpoint) before the 2nd message to the server of attempt 1 of operation 1",
    "fault: stall strikes after the 1st external call of operation 2 is applied, before it is answered; it heals after the completion of operation 3",
    "order kept: first after the completion of operation 1, then before the invoke of operation 2",
  ]);
});

test("an empty plan has nothing to tell", () => {
  expect(describePlan({ operations: [], faults: [] })).toEqual([]);
});

test.each<[Moment, string]>([
  [{ at: "operation", operation: "o1", point: "invoke", when: "before" }, "before the invoke of operation 1"],
  [{ at: "operation", operation: "o5", point: "completion", when: "after" }, "after the completion of operation 2"],
  [
    { at: "effect", operation: "o3", call: 12, when: "before" },
    "before the 12th external call of operation 3 is applied",
  ],
  [
    { at: "message", operation: "o1", child: 3, attempt: 2, direction: "to-endpoint", message: 1, when: "after" },
    "after the 1st message to the endpoint of attempt 2 of the 3rd child of operation 1",
  ],
  [
    { at: "operation", operation: "o9", point: "invoke", when: "before" },
    'before the invoke of operation "o9" (not in the plan)',
  ],
])("a moment is told by the number of its operation: %j", (moment, words) => {
  expect(describeMoment(moment, plan)).toBe(words);
});

test("every mode of an operation has its words", () => {
  const call = { service: "worker", handler: "run" };
  const told = (rest: Partial<Operation>) => describeOperation(operation(rest), plan);
  expect(told({ mode: "call", call, input: { n: 1 } })).toBe('client A: call worker/run with {"n":1}');
  expect(told({ mode: "send", call, delay: 50 })).toBe("client A: send worker/run, due after 50 ms");
  expect(told({ mode: "attach", of: "o1" })).toBe("client A: attach to the invocation of operation 1");
  expect(told({ mode: "terminate", of: "o1" })).toBe("client A: terminate the invocation of operation 1");
  expect(told({ call, after: ["o1", "o5", "o3"], retries: 2 })).toBe(
    "client A, after 1, 2 and 3: call worker/run, asking again at most 2 times if the connection breaks",
  );
});

test("a call names what it reaches", () => {
  expect(describeCall(reserve)).toBe("product/@p1/reserve");
  expect(describeCall({ app: "durable-rpc", handler: "POST /reserve/@p1/@r1" })).toBe(
    "POST /reserve/@p1/@r1 of app durable-rpc",
  );
});

test("a long input is cut, a short one is not", () => {
  const call = { service: "s", handler: "h" };
  expect(describeOperation(operation({ call, input: "y".repeat(20) }), plan)).toContain("y".repeat(20));
  const long = describeOperation(operation({ call, input: "y".repeat(5000) }), plan);
  expect(long.length).toBeLessThan(250);
  expect(long.endsWith("…")).toBe(true);
});

test("a fault without words is called by its kind", () => {
  expect(describeFault(plan.faults[0]!, plan)).toBe(
    "kill-endpoint strikes before the 2nd message to the server of attempt 1 of operation 1",
  );
});

test("ordinals", () => {
  expect([1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 101, 111, 113].map(ordinal)).toEqual(
    "1st 2nd 3rd 4th 10th 11th 12th 13th 21st 22nd 101st 111th 113th".split(" "),
  );
});
