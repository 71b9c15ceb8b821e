import { expect, test } from "vitest";
import type { Execution } from "../compare.ts";
import { factsOf } from "./facts.ts";
import { ruleFor } from "./rules.ts";

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
const rule = (real: Execution, ...model: Execution[]) =>
  ruleFor(factsOf(real), new Set(model.flatMap((one) => [...factsOf(one)])));

test("notifications in another order are an interleaving", () => {
  const up = [sleep(1), sleep(2), "End {}"];
  const model = run(["Start {}", woken(1), woken(2)], up);
  expect(rule(run(["Start {}", woken(2), woken(1)], up), model)).toBe("interleaving");
  // told again instead of sent
  expect(rule(run(["Start {}", sleep(1), woken(1), woken(2)], [sleep(2), "End {}"]), model)).toBe("interleaving");
});

test("no rule explains another answer, message, command, order of commands, last word or number of calls", () => {
  const down = ["Start {}", woken(1), woken(2)];
  const up = [sleep(1), sleep(2), "End {}"];
  const model = run(down, up, [200, "done"], ["@0/one"]);
  const real = (more: Partial<{ down: string[]; up: string[]; answer: unknown; puts: string[] }>) =>
    run(more.down ?? down, more.up ?? up, more.answer ?? [200, "done"], more.puts ?? ["@0/one"]);
  expect(rule(real({}), model)).toBe("interleaving");
  expect(rule(real({ answer: [500, "done"] }), model)).toBeUndefined();
  expect(rule(real({ down: [...down, woken(3)] }), model)).toBeUndefined();
  expect(rule(real({ up: [sleep(1), sleep(2), sleep(3), "End {}"] }), model)).toBeUndefined();
  expect(rule(real({ up: [sleep(2), sleep(1), "End {}"] }), model)).toBeUndefined();
  expect(rule(real({ up: [sleep(1), sleep(2), "Suspension {}"] }), model)).toBeUndefined();
  expect(rule(real({ puts: ["@0/one", "@0/one"] }), model)).toBeUndefined();
});

test("what was broken off is the beginning of what was not", () => {
  const model = run(["Start {}"], [sleep(1), sleep(2), "End {}"]);
  expect(rule(run(["Start {}"], [sleep(1)]), model)).toBe("interleaving");
  expect(rule(run(["Start {}"], [sleep(2)]), model)).toBeUndefined();
});
