import type { Json, Operation } from "../plan/index.ts";
import type { History } from "./index.ts";

const operation = (id: string, client: string, kind: string, args: Json): Operation => ({ id, client, kind, args });
const operations = [
  operation("o1", "a", "write", 1),
  operation("o2", "b", "read", null),
  operation("o3", "a", "write", 2),
];
/** A history of three operations, for tests of what reads and writes histories: one is left open, one fails, one is answered. */
export const history: History = {
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
