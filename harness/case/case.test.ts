import { afterAll, beforeAll, expect, test } from "vitest";
import { isCompletion } from "../history/index.ts";
import type { Call, Operation } from "../plan/index.ts";
import type { Property } from "../property/property.ts";
import { startStack } from "../session/index.ts";
import { Subject } from "../session/system-under-test.ts";
import { CaseRunner } from "./case-runner.ts";

let runner: CaseRunner;
beforeAll(async () => {
  runner = new CaseRunner(await startStack("simulated"), await Subject.load());
});
afterAll(() => runner.close());

const promise = (handler: string): Call => ({ service: "promises", handler, key: "@p1" });
const waits: Operation = {
  id: "o1",
  client: "c1",
  kind: "await",
  mode: "call",
  call: { service: "durablePromiseServer", handler: "await" },
  input: { request: { promiseName: "@p1" } },
};
const resolves: Operation = { ...waits, id: "o2", client: "c2", kind: "resolve", call: promise("resolve"), input: 1 };

async function historyOf(operations: Operation[], closing: Call[]) {
  const property: Property = {
    name: "closing",
    pattern: "durable-promises",
    plan: () => {
      throw new Error("not used");
    },
    closing: () => closing,
    audit: () => ({ p1: promise("peek") }),
    invariants: {},
    reaches: {},
  };
  await runner.serve(property, []);
  const judged = await runner.judge({ operations, faults: [] }, property);
  return judged!.history;
}

test("the closing phase lets go of who waits for nobody, and the history tells of it", async () => {
  const { events, final, plan, moments } = await historyOf([waits], [promise("dispose")]);
  expect([final.quiescent, final.answers]).toEqual([true, { p1: null }]);
  expect(plan.operations.slice(1)).toEqual([
    { id: "closing1", client: "closing", kind: "closing", mode: "call", call: promise("dispose") },
  ]);
  const ended = events.filter(isCompletion).map(({ type, operation }) => `${operation} ${type}`);
  expect(ended.sort()).toEqual(["closing1 ok", "o1 fail"]);
  expect(final.outcomes).toMatchObject({ o1: { status: "failed", code: 410 }, closing1: { status: "succeeded" } });
  // a replay is held to what the plan names
  expect(moments?.every(({ operation }) => operation === "o1")).toBe(true);
});

test("where everything ends by itself it does nothing", async () => {
  const { final, plan } = await historyOf([waits, resolves], [promise("dispose")]);
  expect([final.quiescent, final.answers]).toEqual([true, { p1: { value: 1 } }]);
  expect(plan.operations).toHaveLength(2);
});

test("what does not let go of who waits is done a few times, and the run is not live", async () => {
  const { final, plan } = await historyOf([waits], [promise("peek")]);
  expect(final.quiescent).toBe(false);
  expect(final.unfinished).toEqual(["durablePromiseServer/await is running"]);
  expect(plan.operations.length).toBeGreaterThan(2);
  expect(plan.operations.length).toBeLessThan(12);
});
