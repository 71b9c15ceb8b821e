import { expect, test } from "vitest";
import type { History } from "../history/index.ts";
import { type Moment, momentName, type Order, type Plan } from "../plan/index.ts";
import { beginningsOf, endingsOf, held, partyOf, stepsOf, stragglersOf } from "./ordering.ts";

const message = (operation: string, number: number, when: Moment["when"], more: Partial<Moment> = {}): Moment =>
  ({ at: "message", operation, attempt: 1, direction: "to-server", message: number, when, ...more }) as Moment;
const operation = (id: string, point: "invoke" | "completion", when: Moment["when"]): Moment => ({
  at: "operation",
  operation: id,
  point,
  when,
});
/** The handler of an operation gets its input. */
const begins = (id: string): Moment => message(id, 2, "after", { direction: "to-endpoint" } as Partial<Moment>);

const plan: Plan = { operations: [], faults: [] };
const historyOf = (moments: Moment[]): History => ({
  plan,
  operations: [],
  stack: "none",
  events: [],
  moments,
  final: { quiescent: true, unfinished: [], state: {} },
});
const orders = (moments: Moment[], ordersOf: (history: History) => Order[] = stepsOf): string[] =>
  ordersOf(historyOf(moments)).map(({ first, second }) => `${momentName(first)} < ${momentName(second)}`);

test("when a run goes from one operation to another, what came last comes before what came next", () => {
  const moments = [
    message("o1", 1, "before"),
    message("o1", 1, "after"),
    message("o1", 2, "before"),
    message("o1", 2, "after"),
    message("o2", 1, "before"),
    message("o2", 1, "after"),
    message("o2", 2, "before"),
    message("o1", 3, "before"),
  ];
  expect(orders(moments)).toEqual([
    "after o1 attempt 1 to-server 2 < before o2 attempt 1 to-server 1",
    "after o2 attempt 1 to-server 1 < before o1 attempt 1 to-server 3",
  ]);
});

test("what came last at one operation comes before what came next, not before what came later", () => {
  const moments = [message("o1", 1, "after"), message("o2", 1, "before"), message("o3", 1, "before")];
  expect(orders(moments)).toEqual(["after o1 attempt 1 to-server 1 < before o2 attempt 1 to-server 1"]);
});

test("what a client has heard cannot be held back; what it asks can", () => {
  expect(orders([message("o1", 1, "after"), operation("o2", "completion", "before")])).toEqual([]);
  expect(orders([message("o1", 1, "after"), operation("o2", "invoke", "before")])).toEqual([
    "after o1 attempt 1 to-server 1 < before o2 invoke",
  ]);
});

test("the children of an operation are parties of their own", () => {
  const child = (number: number, when: Moment["when"]) => message("o1", 1, when, { child: number } as Partial<Moment>);
  const moments = [
    message("o1", 1, "after"),
    child(2, "before"),
    child(2, "after"),
    child(1, "before"),
    child(1, "after"),
    message("o1", 2, "before"),
  ];
  expect(orders(moments)).toEqual([]);
  expect(orders(moments, (history) => stepsOf(history, partyOf))).toEqual([
    "after o1 attempt 1 to-server 1 < before o1/2 attempt 1 to-server 1",
    "after o1/2 attempt 1 to-server 1 < before o1/1 attempt 1 to-server 1",
    "after o1/1 attempt 1 to-server 1 < before o1 attempt 1 to-server 2",
  ]);
});

const effect = (id: string, call: number, when: Moment["when"]): Moment => ({
  at: "effect",
  operation: id,
  call,
  when,
});

test("an operation is ended when it has come as far as it had when it was answered", () => {
  const end: Plan["operations"][number] = { id: "o2", client: "c2", kind: "cancel", args: null, of: "o1" };
  const ended = (moments: Moment[]) =>
    orders(moments, (history) => endingsOf({ ...history, plan: { ...plan, operations: [end] } }));
  const far = [operation("o2", "invoke", "after"), effect("o1", 1, "after"), effect("o1", 2, "after")];
  const answered = [operation("o1", "completion", "before"), effect("o1", 3, "after")];
  expect(ended([...far, ...answered])).toEqual(["after o1 effect 2 < before o2 invoke"]);
  expect(ended(answered)).toEqual([]);
  expect(ended(far)).toEqual([]);
  expect(orders([...far, ...answered], endingsOf)).toEqual([]);
});

test("what still happens for an operation after its answer comes after it, at each child and outside", () => {
  const answered = operation("o1", "completion", "after");
  const moments = [effect("o1", 1, "before"), answered, effect("o2", 1, "before"), effect("o1", 1, "after")];
  expect(orders(moments, stragglersOf)).toEqual([]);
  const child = (number: number) => message("o1", number, "before", { child: 1 } as Partial<Moment>);
  const late = [child(4), effect("o1", 2, "before"), effect("o1", 3, "before"), child(5)];
  expect(orders([...moments, ...late], stragglersOf)).toEqual([
    "after o1 completion < before o1/1 attempt 1 to-server 4",
    "after o1 completion < before o1 effect 2",
  ]);
});

test("operations whose handlers began one after the other are invoked so", () => {
  expect(orders([begins("o1"), begins("o2"), begins("o3")], beginningsOf)).toEqual([
    "after o1 attempt 1 to-endpoint 2 < before o2 invoke",
    "after o2 attempt 1 to-endpoint 2 < before o3 invoke",
  ]);
  const child = message("o2", 2, "after", { direction: "to-endpoint", child: 1 } as Partial<Moment>);
  const again = message("o2", 2, "after", { direction: "to-endpoint", attempt: 2 } as Partial<Moment>);
  expect(orders([begins("o1"), child, again], beginningsOf)).toEqual([]);
});

test("an order that came twice is one constraint; a history without moments has none", () => {
  const once = [message("o1", 1, "after"), message("o2", 1, "before")];
  expect(orders([...once, ...once])).toHaveLength(1);
  const { moments: _, ...bare } = historyOf([]);
  expect([...stepsOf(bare), ...beginningsOf(bare)]).toEqual([]);
});

// --- which constraints are worth it

const failing = historyOf(
  ["o2", "o1", "o3", "o1"].flatMap((id, turn) => [message(id, turn + 1, "before"), message(id, turn + 1, "after")]),
);
const all = stepsOf(failing);
const has = (candidate: Plan, order: Order): boolean =>
  candidate.happensBefore!.some(({ second }) => momentName(second) === momentName(order.second));

test("constraints that help are kept, the others are left out", async () => {
  expect(all).toHaveLength(3);
  const needed = all[1]!;
  const best = await held(
    plan,
    failing,
    async (candidate) => (has(candidate, needed) ? 10 : 4),
    4,
    () => true,
  );
  expect(best).toEqual({ ...plan, happensBefore: [needed] });
});

test("constraints that hinder are left out, also when it fails more often with them than with none", async () => {
  const [harmful, helpful, alsoHelpful] = all;
  const measure = async (candidate: Plan) =>
    5 +
    (has(candidate, helpful!) ? 2 : 0) +
    (has(candidate, alsoHelpful!) ? 2 : 0) -
    (has(candidate, harmful!) ? 2 : 0);
  expect((await held(plan, failing, measure, 5, () => true)).happensBefore).toEqual([helpful, alsoHelpful]);
});

test("the order of the beginnings is tried first, and with the steps only where that is better", async () => {
  const both = historyOf([begins("o1"), message("o1", 3, "after"), message("o2", 1, "before"), begins("o2")]);
  const [begun, step] = [beginningsOf(both)[0]!, stepsOf(both)[0]!];
  const search = async (measure: (has: { begun: boolean; step: boolean }) => number) => {
    const asked: Order[][] = [];
    const best = await held(
      plan,
      both,
      async (candidate) => {
        asked.push(candidate.happensBefore!);
        return measure({ begun: has(candidate, begun), step: has(candidate, step) });
      },
      0,
      () => true,
    );
    expect(asked.slice(0, 3)).toEqual([[begun], [step], [begun, step]]);
    return best.happensBefore;
  };
  expect(await search((has) => (has.begun ? 10 : 0))).toEqual([begun]);
  expect(await search((has) => (has.step ? 10 : 0))).toEqual([step]);
  expect(await search((has) => (has.step && has.begun ? 10 : 0))).toEqual([begun, step]);
  expect(await search(() => 0)).toBeUndefined();
});

test("what fails every time is not tried with other constraints", async () => {
  const moments = [begins("o1"), message("o1", 3, "after"), message("o2", 1, "before"), begins("o2")];
  const asked: number[] = [];
  const measure = async ({ happensBefore }: Plan) => asked.push(happensBefore!.length) && 10;
  await held(plan, historyOf(moments), measure, 4, () => true, 10);
  expect(asked).toEqual([1, 0]);
});

test("constraints that do not make it fail more often are not worth it", async () => {
  expect(
    await held(
      plan,
      failing,
      async () => 4,
      4,
      () => true,
    ),
  ).toBe(plan);
  expect(
    await held(
      plan,
      historyOf([]),
      async () => 10,
      4,
      () => true,
    ),
  ).toBe(plan);
});

test("without time for more, the best so far is the answer", async () => {
  let asked = 0;
  const measure = async () => {
    asked++;
    return 10;
  };
  expect(await held(plan, failing, measure, 4, () => false)).toBe(plan);
  expect(asked).toBe(0);
  const best = await held(plan, failing, measure, 4, () => asked < 2);
  expect(asked).toBe(2);
  expect(best.happensBefore).toEqual(all.slice(1));
});
