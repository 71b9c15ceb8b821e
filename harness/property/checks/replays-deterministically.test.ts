import { expect, test } from "vitest";
import { complaint, Script } from "../testing.ts";
import { replaysDeterministically } from "./replays-deterministically.ts";

const failing = (code: number, phase: "failed" | "ended" = "failed") =>
  new Script()
    .attempt("o1 started")
    .attempt(`o1 ${phase}`, { attempt: 2, code, message: "journal mismatch" })
    .history();

test("an attempt that did not follow its journal is told", async () => {
  for (const code of [570, 571])
    expect(await complaint(replaysDeterministically, failing(code))).toEqual({
      summary: `Attempt 2 of service/handler did not follow its journal (code ${code}).`,
      expected: "every attempt makes the same calls, in the same order, as the attempts before it",
      seen: "journal mismatch",
      events: [1],
    });
});

test("other failures of attempts are not its concern", async () => {
  expect(await complaint(replaysDeterministically, failing(500))).toBeUndefined();
  expect(await complaint(replaysDeterministically, failing(570, "ended"))).toBeUndefined();
});
