import { expect, test } from "vitest";
import { complaint, Script } from "../testing.ts";
import { servicesStayUp } from "./services-stay-up.ts";

const death = { type: "death", how: "exit code 1" } as const;

test("a service process that ends by its own doing is told, with what it wrote and where it was", async () => {
  const ended = new Script().recovery().event({ ...death, place: "src/a.ts:3", output: "Error: no" });
  expect(await complaint(servicesStayUp, ended.history())).toEqual({
    summary: "The service process ended: exit code 1 (at src/a.ts:3).",
    expected: "it serves until it is killed",
    seen: "Error: no",
    events: [1],
  });
  const silent = new Script().event(death).history();
  expect(await complaint(servicesStayUp, silent)).toMatchObject({ seen: "exit code 1" });
});

test("one that is killed on purpose is none of its concern", async () => {
  const killed = new Script().inject("f1", "kill-endpoint", "o1").attempt("o1 lost").history();
  expect(await complaint(servicesStayUp, killed)).toBeUndefined();
});
