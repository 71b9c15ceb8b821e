import fc from "fast-check";
import { expect, test } from "vitest";
import type { FaultShape } from "./fault-shape.ts";
import { isReferring, type Moment, type Operation, type Plan } from "./plan.ts";
import { type Profiles, type StormKind, storm, unmeasured } from "./storm.ts";

const shape = (name: string, scope: FaultShape["scope"], more: Partial<FaultShape>): FaultShape => ({
  name,
  description: name,
  scope,
  exclusive: scope === "process",
  at: [{ at: "message", when: "either" }],
  untilHealed: false,
  ...more,
});
const shapes: FaultShape[] = [
  shape("walk-away", "client", {
    at: [
      { at: "operation", when: "after", point: "invoke" },
      { at: "message", when: "either" },
    ],
  }),
  shape("reset", "message", {}),
  shape("fails", "world", { at: [{ at: "effect", when: "before" }] }),
  shape("stalls", "world", { at: [{ at: "effect", when: "after" }], untilHealed: true }),
  shape("kill", "process", {}),
  shape("freeze", "process", {
    at: [
      { at: "message", when: "either" },
      { at: "effect", when: "before" },
    ],
    untilHealed: true,
  }),
];

const kind = (more: Partial<StormKind>): StormKind => ({
  weight: 1,
  // every request is one of a kind, so that an operation with the same arguments is a duplicate
  args: fc.nat(),
  routes: ["direct"],
  isIdempotent: () => true,
  interruptions: { attach: 0, cancel: 0, terminate: 0 },
  waits: false,
  ...more,
});
const kinds: Record<string, StormKind> = {
  pay: kind({ weight: 3, routes: ["direct", "front"], interruptions: { attach: 0, cancel: 1, terminate: 0 } }),
  order: kind({ interruptions: { attach: 0, cancel: 1, terminate: 1 } }),
  read: kind({ weight: 2, args: fc.constant(null), isIdempotent: () => false }),
  send: kind({ args: fc.constant(5), isIdempotent: () => false }),
};
const profiles: Profiles = {
  pay: { toEndpoint: 5, toServer: 7, children: 0, effects: 2, webhooks: 0 },
  order: { toEndpoint: 3, toServer: 4, children: 2, effects: 0, webhooks: 0 },
};
const LIMITS = { operations: 10, clients: 5, faults: 4 };
const plans = (exclusive: boolean, seed: number, numRuns = 500): Plan[] =>
  fc.sample(storm({ kinds }, { faults: shapes, exclusive, profiles }), { seed, numRuns });

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

test.each([false, true])("plans are well formed (exclusive: %s)", (exclusive) => {
  for (const plan of plans(exclusive, 1)) {
    const ids = plan.operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(plan.faults.map(({ id }) => id)).size).toBe(plan.faults.length);
    expect(ids).toEqual(expect.arrayContaining(momentsOf(plan).map(({ operation }) => operation)));
    expect(ids).toEqual(expect.arrayContaining(plan.operations.flatMap((one) => waitsFor(plan, one))));
    expect(isAcyclic(plan)).toBe(true);
    for (const { of, kind } of plan.operations) {
      expect(of !== undefined).toBe(isReferring(kind));
      expect(of === undefined ? kinds : { cancel: 1, terminate: 1 }).toHaveProperty(kind);
    }
    for (const { kind } of plan.faults) expect(shapes.map(({ name }) => name)).toContain(kind);
    expect(plan.schedule).toBeGreaterThanOrEqual(0);
  }
});

test("faults are injected where their kind can, at places that the kind of operation has", () => {
  for (const plan of plans(true, 2))
    for (const { kind, at, heal } of plan.faults) {
      const { at: places, untilHealed } = shapes.find(({ name }) => name === kind)!;
      const fits = places.some(
        (place) =>
          place.at === at.at &&
          (place.when === "either" || place.when === at.when) &&
          (at.at !== "operation" || place.point === at.point),
      );
      expect(fits, JSON.stringify(at)).toBe(true);
      if (heal) expect(untilHealed).toBe(true);
    }
  for (const plan of plans(true, 3))
    for (const moment of momentsOf(plan)) {
      const target = plan.operations.find(({ id }) => id === moment.operation)!;
      const { toEndpoint: most, toServer, children, effects } = profiles[target.kind] ?? unmeasured;
      if (moment.at === "effect") {
        expect(effects).toBeGreaterThan(0);
        expect(moment.call).toBeGreaterThanOrEqual(1);
        expect(moment.call).toBeLessThanOrEqual(effects + 2);
      } else if (moment.at === "message") {
        const toEndpoint = moment.direction === "to-endpoint";
        expect(moment.message).toBeGreaterThanOrEqual(toEndpoint ? 2 : 1);
        expect(moment.message).toBeLessThanOrEqual(toEndpoint ? most : toServer);
        expect(moment.child ?? 1).toBeGreaterThanOrEqual(1);
        expect(moment.child ?? 0).toBeLessThanOrEqual(children);
        expect([1, 2, 3]).toContain(moment.attempt);
      }
    }
});

test("a storm keeps within its limits, and its clients overlap", () => {
  const all = plans(false, 4);
  for (const { operations, faults } of all) {
    const drawn = operations.filter((one) => !one.of && originalOf(one, operations) === one);
    expect(drawn.length).toBeGreaterThanOrEqual(2);
    expect(drawn.length).toBeLessThanOrEqual(LIMITS.operations);
    expect(new Set(drawn.map(({ client }) => client)).size).toBeLessThanOrEqual(LIMITS.clients);
    expect(faults.filter(({ kind }) => kind !== "walk-away").length).toBeLessThanOrEqual(LIMITS.faults);
  }
  const crowded = all.filter(({ operations }) => new Set(operations.map(({ client }) => client)).size >= 3);
  expect(crowded.length).toBeGreaterThan(250);
});

test("a plan that is to need the stack for itself has a fault that does; one that shares it has none", () => {
  const isExclusive = (plan: Plan) =>
    plan.faults.some(({ kind }) => shapes.find(({ name }) => name === kind)!.scope === "process");
  expect(plans(true, 5).every(isExclusive)).toBe(true);
  expect(plans(false, 5).some(isExclusive)).toBe(false);
});

test("where no fault needs the stack for itself, none does", () => {
  const shared = shapes.filter(({ exclusive }) => !exclusive);
  const [plan] = fc.sample(storm({ kinds }, { faults: shared, exclusive: true, profiles }), { seed: 1, numRuns: 1 });
  expect(plan!.operations.length).toBeGreaterThanOrEqual(2);
});

test("the same seed makes the same plans, another seed others", () => {
  expect(plans(true, 6, 20)).toEqual(plans(true, 6, 20));
  expect(plans(true, 6, 20)).not.toEqual(plans(true, 7, 20));
});

test("over a run every kind of fault, of operation and of interruption occurs, and every one of healing", () => {
  const all = [...plans(false, 8), ...plans(true, 8)];
  const faults = all.flatMap((plan) => plan.faults);
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(shapes.map(({ name }) => name)));
  const operations = all.flatMap((plan) => plan.operations);
  expect(new Set(operations.map(({ kind }) => kind))).toEqual(new Set([...Object.keys(kinds), "cancel", "terminate"]));
  expect(operations.some(({ retries }) => retries)).toBe(true);
  expect(operations.some(({ route }) => route === "front")).toBe(true);
  // one may be cancelled twice
  const interrupted = all.flatMap((plan, number) =>
    plan.operations.flatMap(({ of }) => (of ? [`${number} ${of}`] : [])),
  );
  expect(new Set(interrupted).size).toBeLessThan(interrupted.length);
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
  const injected = [...plans(true, 10), ...plans(true, 11)].flatMap(({ operations, faults }) =>
    faults.flatMap(({ at }) =>
      at.at === "message" && operations.find(({ id }) => id === at.operation)!.kind === "pay"
        ? [`${at.direction} ${at.message}`]
        : [],
    ),
  );
  const counts = Map.groupBy(injected, (name) => name);
  expect(counts.size).toBe(4 + 7);
  for (const [name, all] of counts)
    expect(all.length, name).toBeGreaterThan((injected.length / 2 / (name.startsWith("to-endpoint") ? 4 : 7)) * 0.5);
});

type Shape = "at the same time" | "after the answer" | "after a lost answer" | "from another client";

/** The first operation that makes the same request. */
const originalOf = (one: Operation, operations: readonly Operation[]): Operation =>
  (kinds[one.kind]?.isIdempotent(null) &&
    operations.find(({ kind, args }) => kind === one.kind && args === one.args)) ||
  one;

/** Which duplicates a plan has, told from the plan alone. */
function duplicates({ operations, faults }: Plan): Shape[] {
  return operations.flatMap((copy): Shape[] => {
    const original = originalOf(copy, operations);
    if (original === copy) return [];
    if (copy.at) {
      expect(copy.at).toEqual({ at: "operation", operation: original.id, point: "invoke", when: "after" });
      expect(copy.client).not.toBe(original.client);
      return ["at the same time"];
    }
    expect(copy.after).toEqual([original.id]);
    if (copy.client !== original.client) return ["from another client"];
    const lost = faults.some(({ kind, at }) => kind === "walk-away" && at.operation === original.id);
    return [lost ? "after a lost answer" : "after the answer"];
  });
}

test("duplicates come in all of their four shapes", () => {
  const counts = Map.groupBy(plans(false, 12).flatMap(duplicates), (name) => name);
  for (const name of ["at the same time", "after the answer", "after a lost answer", "from another client"] as const)
    expect(counts.get(name)?.length ?? 0, name).toBeGreaterThan(30);
});

test("what waits keeps no operation of its client waiting, and the first one waits before others begin", () => {
  const waiting = { ...kinds, wait: kind({ weight: 4, waits: true }) };
  const all = fc.sample(storm({ kinds: waiting }, { faults: shapes, exclusive: false, profiles }), {
    seed: 13,
    numRuns: 300,
  });
  for (const plan of all) {
    expect(isAcyclic(plan)).toBe(true);
    for (const one of plan.operations.filter((other) => other.kind === "wait"))
      expect(plan.operations.filter(({ client }) => client === one.client)).toEqual([one]);
  }
});
