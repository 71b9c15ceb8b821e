import { expect, test } from "vitest";
import type { History, HistoryEvent } from "../history/index.ts";
import type { Json, Operation } from "../plan/index.ts";
import { linearizable, type Model, type RegisterInput, type RegisterOutput, register } from "./index.ts";

const registers = linearizable<Json, RegisterInput, RegisterOutput>(register(0), {
  select({ kind, input }, outcome) {
    if (outcome?.type === "fail") return undefined;
    const output = outcome?.type === "ok" ? outcome.value : undefined;
    return kind === "read" ? { input: { f: "read" }, output } : { input: { f: "write", value: input ?? null }, output };
  },
});

function history(operations: Record<string, [kind: string, input?: Json]>, events: HistoryEvent[]): History {
  const plan = Object.entries(operations).map(
    ([id, [kind, input = null]], k): Operation => ({ id, client: `c${k}`, kind, mode: "call", input }),
  );
  return {
    plan: { operations: plan, faults: [] },
    stack: "none",
    events,
    final: { quiescent: true, unfinished: [], state: {}, outcomes: {} },
  };
}
const invoke = (operation: string): HistoryEvent => ({ type: "invoke", at: 0, operation });
const ok = (operation: string, value: Json): HistoryEvent => ({ type: "ok", at: 0, operation, value });
const info = (operation: string): HistoryEvent => ({ type: "info", at: 0, operation, reason: "cut" });

test("a read that answers what was overwritten before it began is not linearizable", async () => {
  const plan = history({ a: ["write", 1], b: ["write", 2], c: ["read"] }, [
    invoke("a"),
    ok("a", null),
    invoke("b"),
    ok("b", null),
    invoke("c"),
    ok("c", 1),
  ]);
  expect((await registers(plan)).verdict).toBe("invalid");
});

test("it is when the overwriting write overlaps it, or never answered", async () => {
  const overlapping = [invoke("a"), ok("a", null), invoke("c"), invoke("b"), ok("b", null), ok("c", 1)];
  const operations: Parameters<typeof history>[0] = { a: ["write", 1], b: ["write", 2], c: ["read"] };
  expect(await registers(history(operations, overlapping))).toEqual({ verdict: "valid" });
  const unanswered = [invoke("a"), ok("a", null), invoke("b"), info("b"), invoke("c"), ok("c", 1)];
  expect(await registers(history(operations, unanswered))).toEqual({ verdict: "valid" });
});

test("a model that throws is named, with the operation", async () => {
  const broken: Model<number, string, string> = {
    name: "broken",
    init: () => 0,
    step() {
      throw new Error("no such thing");
    },
  };
  const checker = linearizable(broken, { select: () => ({ input: "x", output: "y" }) });
  const verdict = await checker(history({ o1: ["any"] }, [invoke("o1"), ok("o1", null)]));
  expect(verdict).toEqual({ verdict: "unknown", reason: expect.stringMatching(/broken.*no such thing.*o1.*fault/) });
});

test("what was learned after the fact counts: a lost write that succeeded did take effect", async () => {
  const learned = linearizable<Json, RegisterInput, RegisterOutput>(register(0), {
    select: ({ kind, input }, outcome, later) =>
      kind === "read"
        ? { input: { f: "read" }, output: outcome?.type === "ok" ? outcome.value : undefined }
        : {
            input: { f: "cas", from: 0, to: input! },
            output: outcome?.type === "ok" || later?.status === "succeeded" ? true : undefined,
          },
  });
  const lost = history({ a: ["cas", 1], b: ["cas", 2] }, [invoke("a"), info("a"), invoke("b"), ok("b", null)]);
  expect(await learned(lost)).toEqual({ verdict: "valid" });
  lost.final.outcomes = { a: { status: "succeeded", value: true } };
  expect((await learned(lost)).verdict).toBe("invalid");
});

test("the evidence is in places of the history's events, other events between them notwithstanding", async () => {
  const fault: HistoryEvent = { type: "fault", at: 0, fault: "f1", kind: "kill-server", phase: "struck" };
  const events = [
    invoke("x"),
    ok("x", 0),
    invoke("a"),
    fault,
    ok("a", null),
    invoke("b"),
    ok("b", null),
    fault,
    invoke("c"),
    ok("c", 1),
  ];
  const stale = history({ x: ["read"], a: ["write", 1], b: ["write", 2], c: ["read"] }, events);
  expect(await registers(stale)).toEqual({
    verdict: "invalid",
    evidence: {
      summary:
        "read() -> 1 (c) has no place in any order. After every order that fits the answers before it, the register holds 2. It overlaps nothing. Whatever became of all others, these 3 operations are enough to show it: write(1) (a); then write(2) (b); then read() -> 1 (c).",
      expected:
        "an answer that fits; the longest order up to there explains 3 of 4 operations: read() -> 0 (x), write(1) (a), write(2) (b); then the register holds 2",
      seen: "read() -> 1 (c)",
      events: [2, 4, 5, 6, 8, 9],
      partials: [[0, 2, 5], [0, 2], [0]],
    },
  });
});
