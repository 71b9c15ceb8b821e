import { expect, test } from "vitest";
import type { History } from "../history/index.ts";
import type { Json, Operation } from "../plan/index.ts";
import { jepsenOf } from "./index.ts";

const operation = (id: string, client: string, kind: string, args: Json): Operation => ({ id, client, kind, args });
const operations = [
  operation("o1", "a", "write", 1),
  operation("o2", "b", "read", null),
  operation("o3", "a", "write", 2),
];
const history: History = {
  plan: { operations, faults: [] },
  operations,
  stack: "simulated",
  events: [
    { type: "invoke", at: 0, operation: "o1", request: { call: "s/h", key: "@k" } },
    { type: "info", at: 1.5, operation: "o1", reason: "connection lost" },
    { type: "fault", at: 2, fault: "f1", kind: "kill-server", phase: "injected" },
    { type: "invoke", at: 3, operation: "o3" },
    { type: "invoke", at: 3, operation: "o2" },
    { type: "ok", at: 4, operation: "o2", value: 1 },
    { type: "fail", at: 5, operation: "o3", code: 409, message: "taken" },
  ],
  final: { quiescent: true, unfinished: [], state: {} },
};

test("for other checkers, a client goes on as a new process after an operation that was left open", () => {
  expect(jepsenOf(history)).toEqual([
    { type: "invoke", process: 0, f: "write", value: 1, time: 0 },
    { type: "info", process: 0, f: "write", value: 1, time: 1_500_000, error: "connection lost" },
    { type: "invoke", process: 2, f: "write", value: 2, time: 3_000_000 },
    { type: "invoke", process: 1, f: "read", value: null, time: 3_000_000 },
    { type: "ok", process: 1, f: "read", value: 1, time: 4_000_000 },
    { type: "fail", process: 2, f: "write", value: 2, time: 5_000_000, error: "409 taken" },
  ]);
});
