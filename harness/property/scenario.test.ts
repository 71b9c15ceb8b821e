import fc from "fast-check";
import { expect, test } from "vitest";
import { viewOf } from "../history/index.ts";
import { faults } from "../index.ts";
import { attach, cancel, FaultDraft, terminate } from "./draft.ts";
import { operation } from "./kind.ts";
import { after, answered, before, externalCall, invoked, message } from "./point.ts";
import { oneByOne, scenario } from "./scenario.ts";
import { named, Script } from "./testing.ts";

const run = operation({
  args: fc.constant("@k"),
  request: (key: string) => ({ call: "s/run", idempotencyKey: key }),
  routes: { front: (key) => ({ front: "POST /run/:key", params: { key } }) },
});
named({ run });

test("each operation has a client of its own and begins at once, unless it says otherwise", () => {
  const { plan } = scenario({
    o1: run("@k"),
    o2: run("@k").by("A").via("front").retrying(3).after("o1"),
    o3: cancel("o1").before(externalCall("o1", 2)),
    o4: attach("o1").after(invoked("o1")),
    o5: terminate("o1").after("o3", "o4"),
  });
  expect(plan).toEqual({
    operations: [
      { id: "o1", client: "c-o1", kind: "run", args: "@k" },
      { id: "o2", client: "A", kind: "run", args: "@k", route: "front", retries: 3, after: ["o1"] },
      {
        id: "o3",
        client: "c-o3",
        kind: "cancel",
        args: null,
        of: "o1",
        at: { at: "effect", operation: "o1", call: 2, when: "before" },
      },
      {
        id: "o4",
        client: "c-o4",
        kind: "attach",
        args: null,
        of: "o1",
        at: { at: "operation", operation: "o1", point: "invoke", when: "after" },
      },
      { id: "o5", client: "c-o5", kind: "terminate", args: null, of: "o1", after: ["o3", "o4"] },
    ],
    faults: [],
  });
});

test("faults are injected before or after a point, and last until another", () => {
  const { plan } = scenario(
    { o1: run("@k") },
    faults.killEndpoint.before(message("o1", 3)),
    faults.stall.after(externalCall("o1", 1)).until(answered("o1")),
    faults.cutStream.after(message("o1", 4, { child: 2, attempt: 3, direction: "to-endpoint" })),
  );
  const at = { at: "message", operation: "o1", attempt: 1, direction: "to-server", message: 3, when: "before" };
  expect(plan.faults).toEqual([
    { id: "f1", kind: "kill-endpoint", at },
    {
      id: "f2",
      kind: "stall",
      at: { at: "effect", operation: "o1", call: 1, when: "after" },
      heal: { at: "operation", operation: "o1", point: "completion", when: "before" },
    },
    {
      id: "f3",
      kind: "cut-stream",
      at: { ...at, child: 2, attempt: 3, direction: "to-endpoint", message: 4, when: "after" },
    },
  ]);
});

test("a fault without a moment makes no plan", () => {
  expect(() => scenario({ o1: run("@k") }, faults.killServer).plan).toThrow(
    "the fault kill-server does not say before or after what it is injected",
  );
  expect(() => new FaultDraft("stall").until(answered("o1")).as("f1")).toThrow("the fault stall");
});

test("drafts are never changed: what is placed is another draft", () => {
  const draft = run("@k");
  expect([draft.by("A").as("o1").client, draft.as("o1").client]).toEqual(["A", "c-o1"]);
  const held = scenario({ o1: draft });
  held.inOrder(before(invoked("o1")), after(answered("o1")));
  expect(held.plan.happensBefore).toBeUndefined();
});

test("orders are those that were asked for", () => {
  const [first, second] = [after(invoked("o1")), before(answered("o2"))];
  const { plan } = scenario({ o1: run("@k"), o2: run("@k") })
    .inOrder(first, second)
    .inOrder(second, first);
  expect(plan.happensBefore).toEqual([
    { first, second },
    { first: second, second: first },
  ]);
});

test("by default it is reached when all of its faults were injected and its interruptions were heeded", () => {
  const both = scenario(
    { o1: run("@k"), o2: cancel("o1") },
    faults.stall.before(externalCall("o1", 1)),
    faults.stall.before(externalCall("o1", 2)),
  );
  const begun = () => new Script().invoke("o1", run, "@k").about("o2", "cancel", "o1");
  const isReached = (script: Script) => both.isReached(viewOf(script.history()));
  const stalled = (script: Script) => script.inject("f1", "stall", "o1").inject("f2", "stall", "o1");
  expect(isReached(stalled(begun().ok("o2")))).toBe(true);
  // whatever became of the operation itself
  expect(isReached(stalled(begun().ok("o2").info("o1")))).toBe(true);
  expect(isReached(stalled(begun().fail("o2", 404)))).toBe(false);
  expect(isReached(begun().ok("o2").inject("f1", "stall", "o1"))).toBe(false);
  expect(isReached(begun().ok("o2").inject("f1", "stall", "o1").inject("f2", "cut-stream", "o1"))).toBe(false);
});

test("without faults it is reached when so many of its kinds succeeded, the recovery phase's aside", () => {
  const two = scenario({ o1: run("@k"), o2: run("@k") });
  const isReached = (client: string) =>
    two.isReached(
      viewOf(new Script().invoke("o1", run, "@k").ok("o1").invoke("o2", run, "@k", { client }).ok("o2").history()),
    );
  expect([isReached("c2"), isReached("recovery")]).toEqual([true, false]);
});

test("a property may say when it is reached", () => {
  const seen = scenario({ o1: run("@k") }, faults.stall.before(externalCall("o1", 1))).reachedWhen(
    ({ operations }) => operations.length === 2,
  );
  const script = new Script().invoke("o1", run, "@k");
  expect(seen.isReached(viewOf(script.history()))).toBe(false);
  expect(seen.isReached(viewOf(new Script().invoke("o1", run, "@k").invoke("o2", run, "@k").history()))).toBe(true);
  expect(seen.plan.faults).toHaveLength(1);
});

test("operations one by one wait for each other, unless they say otherwise", () => {
  const one = run("@k");
  const { operations } = scenario(oneByOne(one, one, one.before(invoked("o2")), one.after("o1"), one)).plan;
  expect(operations.map(({ id, after: waitsFor, at }) => [id, waitsFor ?? at?.at])).toEqual([
    ["o1", undefined],
    ["o2", ["o1"]],
    ["o3", "operation"],
    ["o4", ["o1"]],
    ["o5", ["o4"]],
  ]);
});

test("a scenario is reached when its operations ended as it says: they succeeded, or were refused with a code", () => {
  const begun = () => new Script().invoke("o1", run, "@k").invoke("o2", run, "@k");
  const refused = scenario(oneByOne(run("@k").refusedWith(404).by("A"), run("@k")));
  const isReached = (script: Script) => refused.isReached(viewOf(script.history()));
  expect(isReached(begun().fail("o1", 404).ok("o2"))).toBe(true);
  expect(isReached(begun().fail("o1", 422).ok("o2"))).toBe(false);
  expect(isReached(begun().ok("o1").ok("o2"))).toBe(false);
  expect(isReached(begun().fail("o1", 404).info("o2"))).toBe(false);
});
