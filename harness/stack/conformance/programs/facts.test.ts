import { expect, test } from "vitest";
import type { Execution } from "../compare.ts";
import { factsOf } from "./facts.ts";
import { isAttemptedOnceMore, isInterleaving } from "./rules.ts";

const attempt = { invocation: "inv_1", target: "programService/run 0", number: 1 };
const sleep = (id: number) => `Sleep {"result_completion_id":${id}}`;
const woken = (id: number) => `SleepCompletion {"completion_id":${id},"void":{}}`;

/** A run with one attempt and an answer. */
function run(down: string[], up: string[], answer: unknown = [200, "done"], puts: string[] = []): Execution {
  const answers = { answers: [["0", answer]], killed: [], results: [], state: [] };
  return {
    outcome: JSON.stringify([JSON.stringify(answers), [], puts]),
    attempts: [],
    recorded: [{ ...attempt, down, up }],
    order: [],
    injected: false,
  };
}
const isOfOrderOnly = (real: Execution, ...model: Execution[]): boolean =>
  isInterleaving(factsOf(real), new Set(model.flatMap((one) => [...factsOf(one)])));

test("notifications in another order are an interleaving", () => {
  const up = [sleep(1), sleep(2), "End {}"];
  const model = run(["Start {}", woken(1), woken(2)], up);
  expect(isOfOrderOnly(run(["Start {}", woken(2), woken(1)], up), model)).toBe(true);
  // told again instead of sent
  expect(isOfOrderOnly(run(["Start {}", sleep(1), woken(1), woken(2)], [sleep(2), "End {}"]), model)).toBe(true);
});

test("no rule explains another answer, message, command, order of commands, last word or number of calls", () => {
  const down = ["Start {}", woken(1), woken(2)];
  const up = [sleep(1), sleep(2), "End {}"];
  const model = run(down, up, [200, "done"], ["@0/one"]);
  const real = (more: Partial<{ down: string[]; up: string[]; answer: unknown; puts: string[] }>) =>
    run(more.down ?? down, more.up ?? up, more.answer ?? [200, "done"], more.puts ?? ["@0/one"]);
  expect(isOfOrderOnly(real({}), model)).toBe(true);
  expect(isOfOrderOnly(real({ answer: [500, "done"] }), model)).toBe(false);
  expect(isOfOrderOnly(real({ down: [...down, woken(3)] }), model)).toBe(false);
  expect(isOfOrderOnly(real({ up: [sleep(1), sleep(2), sleep(3), "End {}"] }), model)).toBe(false);
  expect(isOfOrderOnly(real({ up: [sleep(2), sleep(1), "End {}"] }), model)).toBe(false);
  expect(isOfOrderOnly(real({ up: [sleep(1), sleep(2), "Suspension {}"] }), model)).toBe(false);
  expect(isOfOrderOnly(real({ puts: ["@0/one", "@0/one"] }), model)).toBe(false);
});

test("what was broken off is the beginning of what was not", () => {
  const model = run(["Start {}"], [sleep(1), sleep(2), "End {}"]);
  expect(isOfOrderOnly(run(["Start {}"], [sleep(1)]), model)).toBe(true);
  expect(isOfOrderOnly(run(["Start {}"], [sleep(2)]), model)).toBe(false);
});

test("one more attempt after a kill explains what that invocation said, and nothing else", () => {
  const target = "programService/run 0";
  const crashPoint = { target, attempt: 1, direction: "to-server", index: 3, when: "before" } as const;
  const killed = { script: async () => {}, variant: "", crashPoint, fault: { end: "kill" } } as const;
  const twice = { recorded: [1, 2].map((number) => ({ ...attempt, number, down: [], up: [] })) };
  const own = [`a message of ${target}: End {}`, `the commands of ${target}: | End`];
  expect(isAttemptedOnceMore(own, killed, twice)).toBe(true);
  expect(isAttemptedOnceMore(own, killed, { recorded: twice.recorded.slice(0, 1) })).toBe(false);
  expect(isAttemptedOnceMore(own, { ...killed, fault: { end: "cancel" } }, twice)).toBe(false);
  for (const other of [
    `the result of ${target} is [200]`,
    "the client of 0 is answered [200]",
    `a message of ${target}0: End`,
  ])
    expect(isAttemptedOnceMore([...own, other], killed, twice)).toBe(false);
});
