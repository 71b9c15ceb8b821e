import fc from "fast-check";
import { expect, test } from "vitest";
import type { FaultShape } from "./fault-shape.ts";
import type { Moment, Operation, Plan } from "./plan.ts";
import { type OperationKind, storm } from "./storm.ts";

const shape = (name: string, level: FaultShape["level"], more: Partial<FaultShape>): FaultShape => ({
  name,
  says: name,
  level,
  alone: level === "process",
  at: [{ at: "message", when: "either" }],
  lasting: false,
  ...more,
});
const shapes: FaultShape[] = [
  shape("client-walks-away", "client", {
    at: [
      { at: "operation", when: "after", point: "invoke" },
      { at: "message", when: "either" },
    ],
  }),
  shape("reset", "message", {}),
  shape("fails", "world", { at: [{ at: "effect", when: "before" }] }),
  shape("stalls", "world", { at: [{ at: "effect", when: "after" }], lasting: true }),
  shape("kill", "process", {}),
  shape("freeze", "process", {
    at: [
      { at: "message", when: "either" },
      { at: "effect", when: "before" },
    ],
    lasting: true,
  }),
];

/** Every request is one of a kind, so that an operation with the same key is a duplicate. */
const unique = fc.nat().map((n) => ({ call: { service: "s", handler: "h", key: "@k" }, idempotencyKey: `@${n}` }));
const kinds: Record<string, OperationKind> = {
  pay: { weight: 3, request: unique, messages: { toEndpoint: 5, toServer: 7 }, effects: 2, ends: ["cancel"] },
  order: { request: unique, messages: { toEndpoint: 3, toServer: 4 }, children: 2, ends: ["cancel", "terminate"] },
  read: { weight: 2, request: fc.constant({ call: { service: "s", handler: "read" } }) },
  send: { request: fc.constant({ call: { service: "s", handler: "h" }, mode: "send" as const, delay: 5 }) },
};
const LIMITS = { operations: 10, clients: 5, faults: 4 };
const plans = (alone: boolean, seed: number, numRuns = 500): Plan[] =>
  fc.sample(storm({ kinds })(shapes, alone), { seed, numRuns });

const momentsOf = ({ operations, faults }: Plan): Moment[] => [
  ...operations.flatMap(({ at }) => at ?? []),
  ...faults.flatMap(({ at, heal }) => (heal ? [at, heal] : [at])),
];

/** What an operation waits for: those that it names, and what its client does before. */
function waitsFor(plan: Plan, operation: Operation): string[] {
  const before = plan.operations.slice(0, plan.operations.indexOf(operation));
  const previous = before.findLast(({ client }) => client === operation.client);
  return [
    ...(operation.after ?? []),
    ...(operation.of === undefined ? [] : [operation.of]),
    ...(operation.at ? [operation.at.operation] : []),
    ...(previous ? [previous.id] : []),
  ];
}

function isAcyclic(plan: Plan): boolean {
  const done = new Set<string>();
  for (let before = -1; before < done.size; ) {
    before = done.size;
    for (const operation of plan.operations)
      if (waitsFor(plan, operation).every((id) => done.has(id))) done.add(operation.id);
  }
  return done.size === plan.operations.length;
}

test.each([false, true])("plans are well formed (alone: %s)", (alone) => {
  for (const plan of plans(alone, 1)) {
    const ids = plan.operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(plan.faults.map(({ id }) => id)).size).toBe(plan.faults.length);
    expect(ids).toEqual(expect.arrayContaining(momentsOf(plan).map(({ operation }) => operation)));
    expect(ids).toEqual(expect.arrayContaining(plan.operations.flatMap((one) => waitsFor(plan, one))));
    expect(isAcyclic(plan)).toBe(true);
    for (const { mode, call, of, kind } of plan.operations) {
      expect(mode === "call" || mode === "send" ? call : of).toBeDefined();
      expect(mode === "call" || mode === "send" ? kinds : { cancel: 1, terminate: 1 }).toHaveProperty(kind);
    }
    for (const { kind } of plan.faults) expect(shapes.map(({ name }) => name)).toContain(kind);
    expect(plan.schedule).toBeGreaterThanOrEqual(0);
  }
});

test("faults strike where their kind can, at places that the kind of operation has", () => {
  for (const plan of plans(true, 2))
    for (const { kind, at, heal } of plan.faults) {
      const { at: places, lasting } = shapes.find(({ name }) => name === kind)!;
      const fits = places.some(
        (place) =>
          place.at === at.at &&
          (place.when === "either" || place.when === at.when) &&
          (at.at !== "operation" || place.point === at.point),
      );
      expect(fits, JSON.stringify(at)).toBe(true);
      if (heal) expect(lasting).toBe(true);
    }
  for (const plan of plans(true, 3))
    for (const moment of momentsOf(plan)) {
      const target = plan.operations.find(({ id }) => id === moment.operation)!;
      const { messages = { toEndpoint: 4, toServer: 6 }, children = 0, effects } = kinds[target.kind]!;
      if (moment.at === "effect") {
        expect(effects).toBeDefined();
        expect(moment.call).toBeGreaterThanOrEqual(1);
        expect(moment.call).toBeLessThanOrEqual(effects! + 2);
      } else if (moment.at === "message") {
        const toEndpoint = moment.direction === "to-endpoint";
        expect(moment.message).toBeGreaterThanOrEqual(toEndpoint ? 2 : 1);
        expect(moment.message).toBeLessThanOrEqual(toEndpoint ? messages.toEndpoint : messages.toServer);
        expect(moment.child ?? 1).toBeGreaterThanOrEqual(1);
        expect(moment.child ?? 0).toBeLessThanOrEqual(children);
        expect([1, 2, 3]).toContain(moment.attempt);
      }
    }
});

test("a storm keeps within its limits, and its clients overlap", () => {
  const all = plans(false, 4);
  for (const { operations, faults } of all) {
    const keys = operations.map(({ idempotencyKey }) => idempotencyKey);
    const isDuplicate = (key: string | undefined, index: number) => key !== undefined && keys.indexOf(key) < index;
    const drawn = operations.filter(({ of, idempotencyKey }, index) => !of && !isDuplicate(idempotencyKey, index));
    expect(drawn.length).toBeGreaterThanOrEqual(2);
    expect(drawn.length).toBeLessThanOrEqual(LIMITS.operations);
    expect(new Set(drawn.map(({ client }) => client)).size).toBeLessThanOrEqual(LIMITS.clients);
    expect(faults.filter(({ kind }) => kind !== "client-walks-away").length).toBeLessThanOrEqual(LIMITS.faults);
  }
  const crowded = all.filter(({ operations }) => new Set(operations.map(({ client }) => client)).size >= 3);
  expect(crowded.length).toBeGreaterThan(250);
});

test("a plan that is to need the stack alone has a fault that does; one that shares it has none", () => {
  const needsAlone = (plan: Plan) =>
    plan.faults.some(({ kind }) => shapes.find(({ name }) => name === kind)!.level === "process");
  expect(plans(true, 5).every(needsAlone)).toBe(true);
  expect(plans(false, 5).some(needsAlone)).toBe(false);
});

test("where no fault needs the stack alone, none does", () => {
  const shared = shapes.filter(({ alone }) => !alone);
  const [plan] = fc.sample(storm({ kinds })(shared, true), { seed: 1, numRuns: 1 });
  expect(plan!.operations.length).toBeGreaterThanOrEqual(2);
});

test("the same seed makes the same plans, another seed others", () => {
  expect(plans(true, 6, 20)).toEqual(plans(true, 6, 20));
  expect(plans(true, 6, 20)).not.toEqual(plans(true, 7, 20));
});

test("over a run every kind of fault, of operation and of end occurs, and every one of healing", () => {
  const all = [...plans(false, 8), ...plans(true, 8)];
  const faults = all.flatMap((plan) => plan.faults);
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(shapes.map(({ name }) => name)));
  const operations = all.flatMap((plan) => plan.operations);
  expect(new Set(operations.map(({ kind }) => kind))).toEqual(new Set([...Object.keys(kinds), "cancel", "terminate"]));
  expect(operations.some(({ retries }) => retries)).toBe(true);
  // one may be cancelled twice
  const ends = all.flatMap((plan, number) => plan.operations.flatMap(({ of }) => (of ? [`${number} ${of}`] : [])));
  expect(new Set(ends).size).toBeLessThan(ends.length);
  const healed = new Set(faults.map(({ heal }) => heal?.at));
  expect(healed).toEqual(new Set([undefined, "operation", "effect", "message"]));
});

test("a swarm leaves some kinds out, so that two alone can show what a storm of everything hides", () => {
  const all = plans(false, 9);
  const large = all.map(({ operations }) => operations.filter(({ of }) => !of)).filter(({ length }) => length >= 8);
  const distinct = large.map((operations) => new Set(operations.map(({ kind }) => kind)).size);
  for (const size of [1, 2, 3, 4])
    expect(distinct.filter((one) => one === size).length, `${size} kinds`).toBeGreaterThan(large.length / 20);
  expect(all.filter(({ faults }) => faults.length === 0).length).toBeGreaterThan(50);
});

test("faults are spread over the messages, not crowded at the ends", () => {
  const struck = [...plans(true, 10), ...plans(true, 11)].flatMap(({ operations, faults }) =>
    faults.flatMap(({ at }) =>
      at.at === "message" && operations.find(({ id }) => id === at.operation)!.kind === "pay"
        ? [`${at.direction} ${at.message}`]
        : [],
    ),
  );
  const counts = Map.groupBy(struck, (name) => name);
  expect(counts.size).toBe(4 + 7);
  for (const [name, all] of counts)
    expect(all.length, name).toBeGreaterThan((struck.length / 2 / (name.startsWith("to-endpoint") ? 4 : 7)) * 0.5);
});

type Shape = "at the same time" | "after the answer" | "after a lost answer" | "from another client";

/** Which duplicates a plan has, told from the plan alone. */
function duplicates({ operations, faults }: Plan): Shape[] {
  return operations.flatMap((copy, index): Shape[] => {
    const original = operations.find(({ idempotencyKey }) => idempotencyKey === copy.idempotencyKey)!;
    if (copy.idempotencyKey === undefined || operations.indexOf(original) === index) return [];
    expect(copy.call).toEqual(original.call);
    expect(copy.mode).toBe(original.mode);
    if (copy.at) {
      expect(copy.at).toEqual({ at: "operation", operation: original.id, point: "invoke", when: "after" });
      expect(copy.client).not.toBe(original.client);
      return ["at the same time"];
    }
    expect(copy.after).toEqual([original.id]);
    if (copy.client !== original.client) return ["from another client"];
    const lost = faults.some(({ kind, at }) => kind === "client-walks-away" && at.operation === original.id);
    return [lost ? "after a lost answer" : "after the answer"];
  });
}

test("duplicates come in all of their four shapes", () => {
  const counts = Map.groupBy(plans(false, 12).flatMap(duplicates), (name) => name);
  for (const name of ["at the same time", "after the answer", "after a lost answer", "from another client"] as const)
    expect(counts.get(name)?.length ?? 0, name).toBeGreaterThan(30);
});
