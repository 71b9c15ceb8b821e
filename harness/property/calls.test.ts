import fc from "fast-check";
import { expect, test } from "vitest";
import { viewOf } from "../history/index.ts";
import { callsOf } from "./calls.ts";
import { operation } from "./kind.ts";
import { named, Script } from "./testing.ts";

const ask = operation({ args: fc.constant(null), request: () => ({ call: "s/ask" }) });
named({ ask });
const target = "queue/@q1/done";

test("each invocation of the handler is one call, however many attempts it took", () => {
  const history = new Script()
    .invoke("o1", ask, null)
    .attempt("o1/2 started", { target })
    .attempt("o1/2 lost", { target })
    .attempt("o1/2 started", { target, attempt: 2 })
    .attempt("o1/2 ended", { target, attempt: 2 })
    .attempt("o1/1 started", { target: "queue/@q1/push" })
    .attempt("o2 started", { target })
    .history();
  expect(callsOf(target, viewOf(history))).toEqual([
    { operation: "o1", isChild: true, started: 1, ended: 4 },
    { operation: "o2", isChild: false, started: 6, ended: Number.POSITIVE_INFINITY },
  ]);
  expect(callsOf("queue/@q2/done", viewOf(history))).toEqual([]);
});
