import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FaultShape } from "./fault-shape.ts";
import type { Moment, Operation, Order, Plan } from "./plan.ts";
import { shrink, withoutOperations } from "./shrink.ts";

const shape = (name: string, scope: FaultShape["scope"]): FaultShape => ({
  name,
  description: name,
  scope,
  exclusive: scope === "process",
  at: [{ at: "message", when: "either" }],
  untilHealed: true,
});
const shapes = [shape("kill", "process"), shape("reset", "message")];

const invoke = (operation: string): Moment => ({ at: "operation", operation, point: "invoke", when: "before" });

/** Plans in which operations name earlier ones in every way, and faults and ordering constraints name any. */
const plans: fc.Arbitrary<Plan> = fc
  .integer({ min: 1, max: 8 })
  .chain((size) => {
    const nth = fc.integer({ min: 0, max: size - 1 });
    const operation = fc.record({
      client: fc.constantFrom("A", "B", "C"),
      of: fc.option(nth),
      after: fc.option(nth),
      at: fc.option(nth),
      retries: fc.option(fc.constant(2)),
      amount: fc.integer({ min: 1, max: 9 }),
    });
    return fc.record({
      operations: fc.array(operation, { minLength: size, maxLength: size }),
      faults: fc.array(fc.record({ kind: fc.constantFrom("kill", "reset"), at: nth, heal: fc.option(nth) }), {
        maxLength: 5,
      }),
      happensBefore: fc.array(fc.tuple(nth, nth), { maxLength: 4 }),
    });
  })
  .map(({ operations, faults, happensBefore }) => {
    const id = (index: number): string => `o${index + 1}`;
    return {
      operations: operations.map(({ client, of, after, at, retries, amount }, index): Operation => {
        const target = of !== null && of < index ? { of: id(of), kind: "cancel" } : { kind: "any" };
        return {
          id: id(index),
          client,
          ...target,
          args: { amount },
          ...(after !== null && after < index && { after: [id(after)] }),
          ...(at !== null && at < index && { at: invoke(id(at)) }),
          ...(retries !== null && { retries }),
        };
      }),
      faults: faults.map(({ kind, at, heal }, index) => ({
        id: `f${index + 1}`,
        kind,
        at: invoke(id(at)),
        ...(heal !== null && { heal: invoke(id(heal)) }),
      })),
      happensBefore: happensBefore.map(([first, second]) => ({ first: invoke(id(first)), second: invoke(id(second)) })),
    };
  });

const amounts = ({ operations }: Plan): number[] => operations.map(({ args }) => (args as { amount: number }).amount);
const always = () => true;
const rarely = (candidate: Plan): boolean => {
  let hash = 7;
  for (const character of JSON.stringify(candidate)) hash = (hash * 31 + character.charCodeAt(0)) % 1_000_003;
  return hash % 4 === 0;
};

/** The plans of which something is true fail, as they are. */
const when =
  (fails: (candidate: Plan) => boolean) =>
  async (candidate: Plan): Promise<Plan | undefined> =>
    fails(candidate) ? candidate : undefined;

/** What is left if one thing is taken away. */
function* withoutOne(plan: Plan): Generator<Plan> {
  for (const { id } of plan.operations) yield withoutOperations(plan, [id]);
  for (const fault of plan.faults) yield { ...plan, faults: plan.faults.filter((one) => one !== fault) };
  for (const order of plan.happensBefore ?? [])
    yield { ...plan, happensBefore: plan.happensBefore!.filter((one) => one !== order) };
}

const named = ({ operations, faults, happensBefore = [] }: Plan): string[] => [
  ...operations.flatMap(({ of, after = [], at }) => [...(of ? [of] : []), ...after, ...(at ? [at.operation] : [])]),
  ...faults.flatMap(({ at, heal }) => [at.operation, ...(heal ? [heal.operation] : [])]),
  ...happensBefore.flatMap(({ first, second }) => [first.operation, second.operation]),
];

test("a shrunk plan still fails, and nothing can be taken away from it, whatever the failure depends on", async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const fails = (candidate: Plan): boolean => candidate === plan || rarely(candidate);
      const shrunk = await shrink(plan, shapes, when(fails), always);
      expect(shrunk.complete).toBe(true);
      expect(fails(shrunk.plan)).toBe(true);
      for (const smaller of withoutOne(shrunk.plan)) expect(rarely(smaller)).toBe(false);
      const ids = shrunk.plan.operations.map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining(named(shrunk.plan)));
    }),
    { numRuns: 150, seed: 1 },
  );
});

test("numbers become smaller, durations stay", async () => {
  const args = { amount: 90, order: { delayMs: 60, items: [7] } };
  const plan: Plan = { operations: [{ id: "o1", client: "A", kind: "any", args }], faults: [] };
  const { plan: shrunk } = await shrink(
    plan,
    shapes,
    async (candidate) => (candidate.operations.length > 0 ? candidate : undefined),
    () => true,
  );
  expect(shrunk.operations[0]?.args).toEqual({ amount: 1, order: { delayMs: 60, items: [1] } });
});

test("of a failure that needs certain parts, these are left and nothing else", async () => {
  const needs = fc.record({
    operation: fc.nat(),
    fault: fc.nat(),
    order: fc.nat(),
    amount: fc.integer({ min: 1, max: 9 }),
  });
  await fc.assert(
    fc.asyncProperty(plans, needs, async (plan, { operation, fault, order, amount }) => {
      const { operations, faults, happensBefore = [] } = plan;
      const needed = operations[operation % operations.length]!;
      const neededFault = faults[fault % Math.max(1, faults.length)];
      const neededOrder = happensBefore[order % Math.max(1, happensBefore.length)];
      const least = Math.min(amount, (needed.args as { amount: number }).amount);
      const fails = (candidate: Plan): boolean => {
        const args = candidate.operations.find(({ id }) => id === needed.id)?.args as { amount: number } | undefined;
        return (
          (args?.amount ?? 0) >= least &&
          (!neededFault || candidate.faults.some(({ id }) => id === neededFault.id)) &&
          (!neededOrder || candidate.happensBefore!.includes(neededOrder))
        );
      };
      const { plan: left } = await shrink(plan, shapes, when(fails), always);
      expect(left.faults.map(({ id }) => id)).toEqual(neededFault ? [neededFault.id] : []);
      expect(left.faults.every(({ heal }) => heal === undefined)).toBe(true);
      expect(left.happensBefore).toEqual(neededOrder ? [neededOrder] : []);
      expect(left.operations.map(({ id }) => id)).toEqual(
        namedBy(plan, [needed.id, ...named({ ...left, operations: [] })]),
      );
      for (const one of left.operations)
        for (const field of ["retries", "after", "at"]) expect(one).not.toHaveProperty(field);
      expect(amounts(left)).toEqual(left.operations.map(({ id }) => (id === needed.id ? least : 1)));
    }),
    { numRuns: 300, seed: 2 },
  );
});

/** Those operations of a plan that some operations need, themselves included: the ones that they cancel. */
function namedBy({ operations }: Plan, ids: string[]): string[] {
  const wanted = new Set(ids);
  for (const { id, of } of operations.toReversed()) if (of && wanted.has(id)) wanted.add(of);
  return operations.map(({ id }) => id).filter((id) => wanted.has(id));
}

describe("in a plan of everything", () => {
  const operation = (id: string, client: string, more: Partial<Operation> = {}): Operation => ({
    id,
    client,
    kind: "any",
    args: null,
    ...more,
  });
  const order: Order = { first: invoke("o1"), second: invoke("o3") };
  const plan: Plan = {
    operations: [
      operation("o1", "A", { retries: 1, route: "front", args: { amount: 5 } }),
      operation("o2", "A", { after: ["o1"] }),
      operation("o3", "B", { after: ["o1", "o2"], at: invoke("o2") }),
      operation("o4", "C", { kind: "cancel", of: "o2" }),
      operation("o5", "C", { kind: "attach", of: "o4" }),
    ],
    faults: [
      { id: "f1", kind: "reset", at: invoke("o1"), heal: invoke("o2") },
      { id: "f2", kind: "kill", at: invoke("o2") },
      { id: "f3", kind: "kill", at: invoke("o3"), heal: invoke("o1") },
    ],
    happensBefore: [order, { first: invoke("o2"), second: invoke("o1") }],
    schedule: 3,
  };

  test("what names a removed operation goes with it, or lets go of it", () => {
    const left = withoutOperations(plan, ["o2"]);
    expect(left).toEqual({
      operations: [plan.operations[0], operation("o3", "B", { after: ["o1"] })],
      faults: [{ id: "f1", kind: "reset", at: invoke("o1") }, plan.faults[2]],
      happensBefore: [order],
      schedule: 3,
    });
  });

  test("process faults are tried first, then other faults, clients, operations, fields and values, ordering constraints", async () => {
    const tries: string[] = [];
    const missing = <T extends { id: string }>(all: T[], left: T[]): string[] =>
      all.flatMap(({ id }) => (left.some((one) => one.id === id) ? [] : [id]));
    const { complete, plan: left } = await shrink(
      plan,
      shapes,
      when(({ operations, faults, happensBefore }) => {
        const gone = missing(plan.operations, operations);
        if (gone.length > 0) tries.push(gone.join(" "));
        else if (faults.length < plan.faults.length) tries.push(missing(plan.faults, faults).join(" "));
        else if (happensBefore!.length < plan.happensBefore!.length)
          tries.push(`${plan.happensBefore!.length - happensBefore!.length} happensBefore`);
        else if (tries.at(-1) !== "fields") tries.push("fields");
        return false;
      }),
      always,
    );
    const all = "o1 o2 o3 o4 o5";
    const processFaults = ["f2 f3", "f2", "f3"];
    const otherFaults = ["f1"];
    const clients = [all, "o1 o2 o4 o5", "o3", "o4 o5"];
    // what ends an operation goes with it
    const operations = [all, "o1 o2 o4 o5", "o3 o4 o5", "o5", "o1", "o2 o4 o5", "o3", "o4 o5", "o5"];
    const happensBefore = ["2 happensBefore", "1 happensBefore", "1 happensBefore"];
    expect(tries).toEqual([...processFaults, ...otherFaults, ...clients, ...operations, "fields", ...happensBefore]);
    expect([complete, left]).toEqual([true, plan]);
  });

  test("who judges is told when an operation, or a healing, is no longer tied to a moment", async () => {
    const ties = ({ operations, faults }: Plan): number =>
      [...operations.flatMap(({ at, after }) => [at, after]), ...faults.map(({ heal }) => heal)].filter(Boolean).length;
    const parts = ({ operations, faults }: Plan): number => operations.length + faults.length;
    let told = 0;
    await shrink(
      plan,
      shapes,
      async (candidate, untied) => {
        expect(untied).toBe(ties(candidate) < ties(plan) && parts(candidate) === parts(plan));
        if (untied) told++;
        return undefined;
      },
      always,
    );
    expect(told).toBe(ties(plan));
    expect(told).toBeGreaterThan(1);
  });

  test("a candidate that fails with another schedule goes on with that", async () => {
    const { plan: left } = await shrink(
      plan,
      shapes,
      async (candidate) => (candidate.operations.length > 2 ? { ...candidate, schedule: 7 } : undefined),
      always,
    );
    expect([left.operations.length, left.schedule]).toEqual([3, 7]);
  });

  test("one client does what several did, where that is enough; else as few as can be", async () => {
    const clientsLeft = async (needed: (clients: string[]) => boolean): Promise<string[]> => {
      const all = ({ operations }: Plan) => operations.map(({ client }) => client);
      const left = await shrink(
        plan,
        shapes,
        when((candidate) => candidate.operations.length === plan.operations.length && needed(all(candidate))),
        always,
      );
      return all(left.plan);
    };
    expect(await clientsLeft(always)).toEqual(["A", "A", "A", "A", "A"]);
    expect(await clientsLeft((clients) => new Set(clients).size !== 2)).toEqual(["A", "A", "A", "A", "A"]);
    expect(await clientsLeft((clients) => clients[2] !== clients[0])).toEqual(["A", "A", "B", "A", "A"]);
    expect(await clientsLeft((clients) => new Set(clients).size === 3)).toEqual(["A", "A", "B", "A", "C"]);
  });

  test("lists are halved before they are picked apart", async () => {
    const sizes: number[] = [];
    const many = { ...plan, faults: Array.from({ length: 8 }, (_, i) => ({ ...plan.faults[0]!, id: `f${i}` })) };
    await shrink(
      many,
      shapes,
      when(({ faults }) => {
        if (faults.length < 8) sizes.push(8 - faults.length);
        return false;
      }),
      () => sizes.length < 15,
    );
    expect(sizes).toEqual([8, 4, 4, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test("when the budget is used up it answers the smallest plan so far, and says that it is not done", async () => {
    const search = async (budget: number) => {
      let tried = 0;
      const failing = [plan];
      const fails = when((candidate) => {
        tried++;
        if (rarely(candidate)) failing.push(candidate);
        return rarely(candidate);
      });
      const shrunk = await shrink(plan, shapes, fails, () => tried < budget);
      expect(shrunk.tried).toBe(tried);
      expect(shrunk.plan).toBe(failing.at(-1));
      return shrunk;
    };
    const { tried: enough } = await search(Number.POSITIVE_INFINITY);
    for (let budget = 0; budget <= enough; budget++)
      expect(await search(budget)).toMatchObject({ tried: budget, complete: budget === enough });
  });
});
