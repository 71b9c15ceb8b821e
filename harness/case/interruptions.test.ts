import fc from "fast-check";
import { expect, test } from "vitest";
import type { Operation } from "../plan/index.ts";
import { attach, cancel, type OperationDraft, operation, terminate } from "../property/index.ts";
import { propertyOf } from "../property/testing.ts";
import type { Completion } from "./client.ts";
import { Contract } from "./contract.ts";
import { Interruptions } from "./interruptions.ts";
import { makeTag } from "./tag.ts";

const kindOf = (undoneByCancel: boolean) =>
  operation({
    args: fc.constantFrom("@k1", "@k2"),
    request: (key: string) => ({ call: "shop/take", idempotencyKey: key }),
    undoneByCancel,
  });
const [take, undo] = [kindOf(false), kindOf(true)];
const contract = new Contract(propertyOf({ operations: { take, undo } }), undefined, makeTag(Math.random));
const ended: Completion = { type: "fail", code: 409, message: "ended", invocation: "inv_1" };

/** What becomes of "it was ended" for an operation, after all of these have been invoked. */
function heeded(drafts: Record<string, OperationDraft>, of: string, completion = ended): Completion {
  const operations: Operation[] = Object.entries(drafts).map(([id, draft]) => draft.as(id));
  const interruptions = new Interruptions(operations, contract);
  for (const one of operations) interruptions.invoked(one);
  const operation = operations.find(({ id }) => id === of);
  if (!operation) throw new Error(`there is no ${of}`);
  return interruptions.heeded(operation, completion);
}
const open = (how: string) => ({
  type: "info",
  reason: `somebody ${how} it: ended`,
  error: { code: 409, message: "ended" },
  invocation: "inv_1",
});

test("that it was ended leaves open what somebody cancelled or terminated has done", () => {
  expect(heeded({ o1: take("@k1"), o2: cancel("o1") }, "o1")).toEqual(open("cancelled"));
  expect(heeded({ o1: take("@k1"), o2: terminate("o1") }, "o1")).toEqual(open("terminated"));
});

test("where nobody interrupted it, or the refusal is another, a failure is definite", () => {
  expect(heeded({ o1: take("@k1"), o2: attach("o1") }, "o1")).toEqual(ended);
  const refused: Completion = { type: "fail", code: 422, message: "no" };
  expect(heeded({ o1: take("@k1"), o2: cancel("o1") }, "o1", refused)).toEqual(refused);
  const done: Completion = { type: "ok", value: 1 };
  expect(heeded({ o1: take("@k1"), o2: cancel("o1") }, "o1", done)).toEqual(done);
});

test("where the pattern undoes what is cancelled, that is a failure; one that was terminated undoes nothing", () => {
  expect(heeded({ o1: undo("@k1"), o2: cancel("o1") }, "o1")).toEqual(ended);
  expect(heeded({ o1: undo("@k1"), o2: terminate("o1") }, "o1")).toEqual(open("terminated"));
  expect(heeded({ o1: undo("@k1"), o2: cancel("o1"), o3: terminate("o1") }, "o1")).toEqual(open("terminated"));
});

test("duplicates are interrupted together; what is another request is not", () => {
  const duplicates = { o1: take("@k1"), o2: take("@k1"), o3: take("@k2"), o4: cancel("o1") };
  expect(heeded(duplicates, "o2")).toEqual(open("cancelled"));
  expect(heeded(duplicates, "o3")).toEqual(ended);
});

test("whoever attaches hears what became of the other's invocation", () => {
  expect(heeded({ o1: take("@k1"), o2: cancel("o1"), o3: attach("o1") }, "o3")).toEqual(open("cancelled"));
  expect(heeded({ o1: undo("@k1"), o2: cancel("o1"), o3: attach("o1") }, "o3")).toEqual(ended);
});

test("a cancellation that is itself refused says nothing of the other", () => {
  expect(heeded({ o1: take("@k1"), o2: cancel("o1") }, "o2")).toEqual(ended);
});
