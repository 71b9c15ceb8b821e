import { expect, test } from "vitest";
import type { AttemptEvent } from "../history/index.ts";
import { ends } from "./ends.ts";
import { replaysDeterministically } from "./replays-deterministically.ts";
import { Script } from "./testing.ts";

test("everything ends, or what has not is named", async () => {
  const script = new Script().invoke("o1").ok("o1").invoke("o2");
  expect(await ends(script.history())).toEqual({ verdict: "valid" });
  expect(await ends(script.history({ quiescent: false }))).toMatchObject({
    verdict: "invalid",
    evidence: { events: [2] },
  });
  const unfinished = ["payments/@p1/makePayment: backing-off, 500"];
  expect(await ends(script.history({ unfinished }))).toMatchObject({
    verdict: "invalid",
    evidence: { seen: unfinished[0] },
  });
});

test("an attempt that did not follow its journal is a violation, other failures are not", async () => {
  const failing = (code: number) => {
    const attempt: AttemptEvent = {
      type: "attempt",
      at: 1,
      operation: "o1",
      invocation: "inv_1",
      target: "payments/makePayment",
      attempt: 2,
      phase: "failed",
      code,
    };
    const history = new Script().invoke("o1").ok("o1").history();
    return { ...history, events: history.events.toSpliced(1, 0, attempt) };
  };
  expect(await replaysDeterministically(failing(500))).toEqual({ verdict: "valid" });
  for (const code of [570, 571])
    expect(await replaysDeterministically(failing(code))).toMatchObject({
      verdict: "invalid",
      evidence: { events: [1] },
    });
});
