import { expect, test } from "vitest";
import type { Judged } from "../case/index.ts";
import type { Operation, Plan } from "../plan/index.ts";
import { investigate, type Means } from "./investigation.ts";

const operation = (id: string): Operation => ({ id, client: id, kind: "any", args: { amount: 4 } });
const invoke = (id: string) => ({ at: "operation", operation: id, point: "invoke", when: "before" }) as const;
const plan: Plan = {
  operations: ["o1", "o2", "o3", "o4"].map(operation),
  faults: [
    { id: "f1", kind: "kill-endpoint", at: invoke("o1") },
    { id: "f2", kind: "cut-stream", at: invoke("o2") },
  ],
};

/** A run of a plan: which invariants it broke. The order of its moments is o1, o2, o1. */
const run = (of: Plan, ...broken: string[]): Judged => ({
  history: {
    plan: of,
    operations: of.operations,
    stack: "none",
    events: [],
    moments: ["o1", "o2", "o1"].flatMap((id, turn) =>
      (["before", "after"] as const).map((when) => ({ at: "effect" as const, operation: id, call: turn + 1, when })),
    ),
    final: { quiescent: true, unfinished: [], state: {} },
  },
  verdicts: Object.fromEntries(
    ["balance", "order"].map((name) => [
      name,
      broken.includes(name)
        ? { verdict: "invalid" as const, evidence: { summary: `${of.operations.length} operations`, events: [] } }
        : { verdict: "valid" as const },
    ]),
  ),
});

const has = ({ operations, faults }: Plan, ...ids: string[]): boolean =>
  ids.every((id) => operations.some((one) => one.id === id) || faults.some((one) => one.id === id));

/** A judge by a rule that may depend on how often it was asked; counts the runs. */
function judging(rule: (candidate: Plan, nth: number) => string[]) {
  const runs: Plan[] = [];
  const judge: Means["judge"] = async (candidate, over) => {
    await Promise.resolve();
    if (over()) return undefined;
    runs.push(candidate);
    return run(candidate, ...rule(candidate, runs.length));
  };
  return { judge, runs };
}
const search = (rule: (candidate: Plan, nth: number) => string[], more: Partial<Means> = {}) => {
  const { judge, runs } = judging(rule);
  return { runs, found: investigate(plan, run(plan, "balance"), "balance", { judge, exact: false, ...more }) };
};

test("a failure that always comes is shrunk to what it needs, and comes every time", async () => {
  const { found, runs } = search((candidate) => (has(candidate, "o2", "f2") ? ["balance"] : []));
  const { plan: smallest, rate, shrink, history, evidence } = await found;
  expect(smallest).toEqual({
    operations: [{ ...operation("o2"), args: { amount: 1 } }],
    faults: [plan.faults[1]],
  });
  expect(rate).toEqual({ failed: 20, of: 20 });
  expect(shrink).toMatchObject({ complete: true, runs: runs.length });
  // of a run of the smallest plan
  expect(history.plan).toEqual(smallest);
  expect(evidence.summary).toBe("1 operations");
});

test("only failures of the same invariant count", async () => {
  const { found } = search((candidate) => (has(candidate, "o2") ? ["balance"] : ["order"]));
  expect((await found).plan.operations.map(({ id }) => id)).toEqual(["o2"]);
});

test("a candidate of a failure that always comes must fail in each of three runs", async () => {
  // without o3 it fails two times of three
  const { found } = search((candidate, nth) =>
    has(candidate, "o2") && (has(candidate, "o3") || nth % 3 !== 0) ? ["balance"] : [],
  );
  expect((await found).plan.operations.map(({ id }) => id)).toEqual(["o2", "o3"]);
});

test("where runs of the same plan are alike, one is enough, and ordering constraints are pointless", async () => {
  const { found, runs } = search((candidate) => (has(candidate, "o2") ? ["balance"] : []), { exact: true });
  const { plan: smallest, shrink } = await found;
  expect(smallest.happensBefore).toBeUndefined();
  const times = Map.groupBy(runs.slice(0, -100), (one) => JSON.stringify(one)).values();
  expect(Math.max(...[...times].map(({ length }) => length))).toBe(1);
  expect(shrink.runs).toBe(runs.length);
});

test("what only another schedule lets go is removed under that, and the plan is told with it", async () => {
  const { found } = search(
    (candidate) => (has(candidate, "o2") && (has(candidate, "o4") || candidate.schedule === 6) ? ["balance"] : []),
    { exact: true },
  );
  const { plan: smallest, rate } = await found;
  expect(smallest.operations.map(({ id }) => id)).toEqual(["o2"]);
  expect(smallest.schedule).toBe(6);
  expect(rate).toEqual({ failed: 100, of: 100 });
});

test("what ties an operation to a moment stays, unless it is of no use under any schedule", async () => {
  const tied: Plan = { operations: [operation("o1"), { ...operation("o2"), at: invoke("o1") }], faults: [] };
  const shrunk = async (rule: (candidate: Plan) => boolean) => {
    const { judge } = judging((candidate) => (has(candidate, "o1", "o2") && rule(candidate) ? ["balance"] : []));
    return (await investigate(tied, run(tied, "balance"), "balance", { judge, exact: true })).plan;
  };
  const isTied = ({ operations }: Plan) => operations.some(({ at }) => at !== undefined);
  expect(isTied(await shrunk((candidate) => isTied(candidate) || candidate.schedule! < 5))).toBe(true);
  expect(isTied(await shrunk(() => true))).toBe(false);
});

test("a failure that comes by luck is shrunk by any run that fails, and held to its order by constraints", async () => {
  let nth = 0;
  const { found } = search((candidate) => {
    if (!has(candidate, "o2", "o1")) return [];
    return (candidate.happensBefore?.length ?? 0) > 0 || nth++ % 3 === 2 ? ["balance"] : [];
  });
  const { plan: smallest, rate } = await found;
  expect(smallest.operations.map(({ id }) => id)).toEqual(["o1", "o2"]);
  expect(smallest.happensBefore!.length).toBeGreaterThan(0);
  expect(rate).toEqual({ failed: 20, of: 20 });
});

test("ordering constraints that do not help are not added, and the rate is told as it is", async () => {
  const { found } = search((candidate, nth) => (has(candidate, "o2") && nth % 2 === 0 ? ["balance"] : []));
  const { plan: smallest, rate } = await found;
  expect(smallest.happensBefore).toBeUndefined();
  expect(rate).toEqual({ failed: 10, of: 20 });
});

test("a budget that is used up ends the search, and the plan is told as it was found", async () => {
  const { found, runs } = search(() => ["balance"], { budget: 0 });
  const { plan: smallest, rate, shrink, evidence } = await found;
  expect(smallest).toEqual(plan);
  expect(shrink.complete).toBe(false);
  expect(rate).toEqual({ failed: 1, of: 1 });
  expect(runs).toHaveLength(1);
  expect(evidence.summary).toBe("4 operations");
});

test("an interruption ends the search after the runs that are under way", async () => {
  const controller = new AbortController();
  const { found, runs } = search(
    (_, nth) => {
      if (nth === 5) controller.abort();
      return ["balance"];
    },
    { signal: controller.signal },
  );
  expect((await found).shrink.complete).toBe(false);
  expect(runs.length).toBeLessThanOrEqual(7);
});

test("a failure that never comes again keeps the history in which it was seen", async () => {
  const { found } = search(() => []);
  const { plan: smallest, rate, history, evidence } = await found;
  expect(smallest).toEqual(plan);
  expect(rate).toEqual({ failed: 0, of: 10 });
  expect(history.plan).toEqual(plan);
  expect(evidence.summary).toBe("4 operations");
});
