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
