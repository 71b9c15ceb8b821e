import { expect, test } from "vitest";
import { Script } from "../../check/testing.ts";
import type { KindDefinition } from "../definition.ts";
import { InvalidInputDefinition } from "../invalid-input.ts";
import { badInputIsRefused } from "./bad-input-is-refused.ts";

const definition = new InvalidInputDefinition([
  { request: { call: "trips/run", key: "x", input: {} }, field: "amount" },
  { request: { call: "trips/run", key: "y", input: {} }, field: "amount" },
]);
definition.name = "malformed";
const [x, y] = definition.cases.map((args) => ({ kind: "malformed", args: JSON.parse(JSON.stringify(args)) }));
const check = badInputIsRefused(new Map([["malformed", definition as KindDefinition]]));

test("bad input is refused with 400, by the name of the field", async () => {
  const refused = new Script().invoke("o1", x).fail("o1", 400).history();
  expect(await check(refused)).toMatchObject({
    verdict: "invalid",
    evidence: { expected: expect.stringContaining("naming amount") },
  });
  const named = new Script().invoke("o1", x).history();
  named.events.push({ type: "fail", at: 1, operation: "o1", code: 400, message: "amount must be positive" });
  expect(await check(named)).toEqual({ verdict: "valid" });
  expect(await check(new Script().invoke("o1", x).ok("o1").history())).toMatchObject({ verdict: "invalid" });
});

test("only who makes the same request again may be told that it ran", async () => {
  const again = (other: typeof x) =>
    new Script().invoke("o1", x).fail("o1", 409).invoke("o2", other).info("o2").history();
  expect(await check(again(x))).toEqual({ verdict: "valid" });
  expect(await check(again(y))).toMatchObject({ verdict: "invalid" });
});
