import fc from "fast-check";
import { expect, test } from "vitest";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { terminates } from "./terminates.ts";

const any = operation({ args: fc.constant(null), request: () => ({ call: "s/any" }) });
named({ any });
const script = new Script().invoke("o1", any, null).ok("o1").invoke("o2", any, null).recovery();

test("where all is quiet, it is valid, whatever clients heard", async () => {
  expect(await complaint(terminates, script.history())).toBeUndefined();
});

test("what has not ended is named, with who still waits and where recovery began", async () => {
  expect(await complaint(terminates, script.history({ quiescent: false }))).toMatchObject({
    seen: "a client still waits for its answer",
    events: [2, 3],
  });
  const unfinished = ["payments/@p1/makePayment: backing-off, 500"];
  expect(await complaint(terminates, script.history({ unfinished }))).toMatchObject({
    summary: `Not everything came to an end after all faults were healed: ${unfinished[0]}.`,
    seen: unfinished[0],
  });
});
