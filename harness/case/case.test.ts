import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isCompletion, viewOf } from "../history/index.ts";
import { faults } from "../index.ts";
import { type FaultDraft, message, type OperationDraft, operation } from "../property/index.ts";
import { propertyOf } from "../property/testing.ts";
import { startStack } from "../session/index.ts";
import { SystemUnderTest } from "../session/system-under-test.ts";
import { CaseRunner } from "./case-runner.ts";

let runner: CaseRunner;
beforeAll(async () => {
  runner = new CaseRunner(await startStack("simulated"), await SystemUnderTest.load());
});
afterAll(() => runner.close());

const ofPromise = (handler: string) =>
  operation({ args: fc.constant(null), request: () => ({ call: `promises/${handler}`, key: "@p1" }) });
const [dispose, peek] = [ofPromise("dispose"), ofPromise("peek")];
const awaits = operation({
  args: fc.constant(null),
  request: () => ({ call: "durablePromiseServer/await", input: { request: { promiseName: "@p1" } } }),
  answerOf: ({ code }) => (code === 410 ? "gone" : undefined),
});
const resolve = operation({
  args: fc.nat(),
  request: (value: number) => ({ call: "promises/resolve", key: "@p1", input: value }),
});

const later = operation({
  args: fc.nat(),
  request: (delayMs: number) => ({ call: "promises/resolve", key: "@p1", input: 1, send: { delayMs } }),
});

async function historyOf(
  drafts: OperationDraft[],
  release: OperationDraft[],
  injected: FaultDraft[] = [],
  goesOn = false,
) {
  const property = propertyOf({
    goesOn,
    pattern: "durable-promises",
    operations: { awaits, resolve, dispose, peek, later },
    audit: () => [peek(null)],
    release: () => release,
  });
  await runner.serve(property, []);
  const operations = drafts.map((draft, index) => draft.as(`o${index + 1}`));
  const plan = { operations, faults: injected.map((draft, index) => draft.as(`f${index + 1}`)) };
  const judged = await runner.judge(plan, property);
  if (!judged) throw new Error("the case was not run");
  return { ...judged.history, view: viewOf(judged.history) };
}
const own = ({ operations }: { operations: { id: string; client: string; kind: string }[] }, client: string) =>
  operations.filter((one) => one.client === client).map(({ id, kind }) => `${id} ${kind}`);

test("the recovery phase releases a client that waits for what is not in the plan, and the history tells of it", async () => {
  const { final, plan, moments, view, events, ...history } = await historyOf([awaits(null)], [dispose(null)]);
  expect([final.quiescent, view.operation("a1")?.result]).toEqual([true, null]);
  // what was done stands beside the plan, not in it
  expect(plan.operations).toHaveLength(1);
  expect(own(history, "recovery")).toEqual(["r1 dispose"]);
  expect(own(history, "audit")).toEqual(["a1 peek"]);
  const ended = events.filter(isCompletion).map((one) => `${one.operation} ${one.type}`);
  expect(ended.sort()).toEqual(["a1 ok", "o1 ok", "r1 ok"]);
  // the refusal of who waited is an answer of its kind
  expect(view.operation("o1")).toMatchObject({ result: "gone", outcome: "ok", error: undefined });
  // a replay is held to what the plan names
  expect(moments?.every((moment) => moment.operation === "o1")).toBe(true);
});

test("the recovery event stands where recovery began: after the plan's invokes, before what releases and asks", async () => {
  const { view, events } = await historyOf([awaits(null)], [dispose(null)]);
  expect(events[view.recovery]?.type).toBe("recovery");
  const [waits, releases, asks] = ["o1", "r1", "a1"].map((id) => view.operation(id));
  expect(waits?.invoked).toBeLessThan(view.recovery);
  expect(waits?.completed).toBeGreaterThan(view.recovery);
  expect(releases?.invoked).toBeGreaterThan(view.recovery);
  expect(asks?.invoked).toBeGreaterThan(releases?.completed ?? Number.POSITIVE_INFINITY);
  expect([waits, releases, asks].map((one) => one?.isPlanned)).toEqual([true, false, false]);
});

test("the recovery phase waits for what goes on after the answers only where a property says that it does", async () => {
  for (const goesOn of [false, true]) {
    const { events, view, final } = await historyOf([later(80)], [], [], goesOn);
    const begun = events.findIndex((event) => event.type === "attempt");
    expect([final.quiescent, begun < view.recovery]).toEqual([true, goesOn]);
  }
});

test("where everything ends by itself nothing is released", async () => {
  const { final, view, ...history } = await historyOf([awaits(null), resolve(1)], [dispose(null)]);
  expect([final.quiescent, view.operation("a1")?.result]).toEqual([true, { value: 1 }]);
  expect(own(history, "recovery")).toEqual([]);
});

test("a release that does not help is tried a few times, nothing is asked, and the run is not live", async () => {
  const { final, ...history } = await historyOf([awaits(null)], [peek(null)]);
  expect(final.quiescent).toBe(false);
  expect(final.unfinished).toEqual(["durablePromiseServer/await is running"]);
  expect(own(history, "audit")).toEqual([]);
  const releases = own(history, "recovery");
  expect(releases.length).toBeGreaterThan(1);
  expect(releases.length).toBeLessThan(11);
});

test("how an invocation ended of which its client never heard is learned, in the words of the contract", async () => {
  const walksAway = faults.walkAway.before(message("o1", 1));
  const resolved = await historyOf([awaits(null), resolve(7).after("o1")], [], [walksAway]);
  expect(resolved.view.operation("o1")).toMatchObject({ outcome: "info", result: { value: 7 } });
  expect(resolved.view.operation("o1")?.completed).toBe(Number.POSITIVE_INFINITY);
  const disposed = await historyOf([awaits(null)], [dispose(null)], [walksAway]);
  expect(disposed.view.operation("o1")).toMatchObject({ outcome: "info", result: "gone", error: undefined });
});
