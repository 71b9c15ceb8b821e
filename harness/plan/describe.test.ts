import { expect, test } from "vitest";
import {
  describeFault,
  describeKind,
  describeMoment,
  describeOperation,
  describePlan,
  ordinal,
  planLines,
} from "./describe.ts";
import { Fault, Moment, Operation, Order, Plan } from "./plan.ts";

const stall: Fault = {
  id: "f2",
  kind: "stall",
  at: { at: "effect", operation: "o5", call: 1, when: "after" },
  heal: { at: "operation", operation: "o3", point: "completion", when: "after" },
};
const kill: Fault = {
  id: "f1",
  kind: "kill-endpoint",
  at: { at: "message", operation: "o1", attempt: 1, direction: "to-server", message: 2, when: "before" },
};
const plan: Plan = {
  operations: [
    { id: "o1", client: "A", kind: "reserve", args: { product: "@p1", reservation: "@r1" }, retries: 1 },
    { id: "o5", client: "B", kind: "reserve", args: { product: "@p1" }, route: "front", after: ["o1"] },
    { id: "o3", client: "A", kind: "cancel", args: null, of: "o5", after: ["o1", "o5"], at: kill.at },
  ],
  faults: [kill, stall],
  happensBefore: [
    {
      first: { at: "operation", operation: "o1", point: "completion", when: "after" },
      second: { at: "operation", operation: "o5", point: "invoke", when: "before" },
    },
  ],
};
const operation = (rest: Partial<Operation>): Operation => ({ id: "x", client: "A", kind: "k", args: null, ...rest });

test("a plan is told as operations by their ids, then faults, then the orders that are kept", () => {
  expect(describePlan(plan, { "kill-endpoint": "the endpoint is killed" })).toEqual([
    "o1: client A: reserve(product: @p1, reservation: @r1), asking again at most once if the connection breaks",
    "o5: client B, after o1: reserve(product: @p1) via front",
    "o3: client A, after o1 and o5, before the 2nd message to the server of attempt 1 of o1: cancel o5",
    "fault: the endpoint is killed (kill-endpoint) before the 2nd message to the server of attempt 1 of o1",
    "fault: stall is injected after the 1st external call of o5 is applied, before it is answered; it heals after o3 is answered",
    "order: first after o1 is answered, then before o5 is invoked",
  ]);
});

test("an empty plan has nothing to tell", () => {
  expect(describePlan({ operations: [], faults: [] })).toEqual([]);
});

/** Two plans that differ in one field of the type, wherever it is: what a person reads must differ as well. */
const told = (change: (copy: Plan) => void): string => {
  const copy = structuredClone(plan);
  change(copy);
  return JSON.stringify(planLines(copy));
};

test("every field of a plan is told: whoever reads it can say when each thing happens", () => {
  const moment = { at: "operation", operation: "o9", point: "invoke", when: "before" } as const;
  const changes: Record<string, (copy: Plan) => void> = {};
  const other: Record<keyof Operation, unknown> = {
    id: "o9",
    client: "Z",
    kind: "other",
    args: { other: 1 },
    route: "other",
    of: "o9",
    after: ["o9"],
    at: moment,
    retries: 7,
  };
  for (const field of Object.keys(Operation.shape) as (keyof Operation)[])
    changes[`operation.${field}`] = (copy) => {
      // what another operation is about is told of a kind that is about one
      const target = copy.operations[field === "of" ? 2 : 1];
      Object.assign(target ?? {}, { [field]: other[field] });
    };
  for (const field of Object.keys(Fault.shape) as (keyof Fault)[]) {
    if (field === "id") continue; // nothing in a plan names a fault
    const value = { kind: "other", at: moment, heal: moment }[field];
    changes[`fault.${field}`] = (copy) => Object.assign(copy.faults[0] ?? {}, { [field]: value });
  }
  for (const field of Object.keys(Order.shape))
    changes[`happensBefore.${field}`] = (copy) => Object.assign(copy.happensBefore?.[0] ?? {}, { [field]: moment });
  for (const [name, change] of Object.entries(changes)) expect(told(change), name).not.toBe(told(() => {}));
  // what only a simulated run leaves to chance is no part of what will be done
  expect(Object.keys(Plan.shape)).toEqual(["operations", "faults", "happensBefore", "schedule"]);
});

test("every field of a moment is told", () => {
  const moments: Moment[] = [
    { at: "operation", operation: "o1", point: "invoke", when: "before" },
    { at: "effect", operation: "o1", call: 2, when: "before" },
    { at: "message", operation: "o1", child: 1, attempt: 1, direction: "to-server", message: 2, when: "before" },
  ];
  const other: Record<string, unknown> = {
    operation: "o9",
    point: "completion",
    when: "after",
    call: 9,
    child: 9,
    attempt: 9,
    direction: "to-endpoint",
    message: 9,
  };
  for (const moment of moments)
    for (const field of Object.keys(moment).filter((name) => name !== "at")) {
      const changed = Moment.parse({ ...moment, [field]: other[field] });
      expect(describeMoment(changed), field).not.toBe(describeMoment(moment));
    }
});

test.each<[Moment, string]>([
  [{ at: "operation", operation: "o1", point: "invoke", when: "before" }, "before o1 is invoked"],
  [{ at: "operation", operation: "o5", point: "completion", when: "after" }, "after o5 is answered"],
  [{ at: "effect", operation: "o3", call: 12, when: "before" }, "before the 12th external call of o3 is applied"],
  [
    { at: "message", operation: "o1", child: 3, attempt: 2, direction: "to-endpoint", message: 1, when: "after" },
    "after the 1st message to the endpoint of attempt 2 of the 3rd child of o1",
  ],
])("a moment in words: %j", (moment, words) => {
  expect(describeMoment(moment)).toBe(words);
});

test("a kind is told with its arguments", () => {
  const kind = (rest: Partial<Operation>) => describeKind(operation(rest));
  expect(kind({ args: { n: 1, text: "two words", list: ["a"] } })).toBe('k(n: 1, text: "two words", list: ["a"])');
  expect(kind({ args: 30 })).toBe("k(30)");
  expect(kind({})).toBe("k()");
  expect(kind({ kind: "attach", of: "o1" })).toBe("attach o1");
  expect(kind({ kind: "terminate", of: "o1" })).toBe("terminate o1");
  expect(describeOperation(operation({ after: ["o1", "o5", "o3"], retries: 2 }))).toBe(
    "client A, after o1, o5 and o3: k(), asking again at most 2 times if the connection breaks",
  );
});

test("long arguments are cut, short ones are not", () => {
  expect(describeOperation(operation({ args: "y".repeat(20) }))).toContain("y".repeat(20));
  const long = describeOperation(operation({ args: "y".repeat(5000) }));
  expect(long.length).toBeLessThan(250);
  expect(long).toContain("…");
});

test("a fault without a label is called by its kind", () => {
  expect(describeFault(kill)).toBe("kill-endpoint is injected before the 2nd message to the server of attempt 1 of o1");
});

test("ordinals", () => {
  expect([1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 101, 111, 113].map(ordinal)).toEqual(
    "1st 2nd 3rd 4th 10th 11th 12th 13th 21st 22nd 101st 111th 113th".split(" "),
  );
});
