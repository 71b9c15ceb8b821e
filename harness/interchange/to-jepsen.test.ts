import { expect, test } from "vitest";
import { history } from "../history/testing.ts";
import { jepsenOf } from "./index.ts";

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
