import fc from "fast-check";
import { expect, test } from "vitest";
import { type InvalidInput, invalidInput } from "../invalid-input.ts";
import { operation } from "../kind.ts";
import { complaint, named, Script } from "../testing.ts";
import { badInputIsRefused } from "./bad-input-is-refused.ts";

const noName = { request: { call: "s/take", input: { name: "" } }, field: "name" };
const noJson = { request: { call: "s/take", body: "{" }, field: "" };
const malformed = invalidInput(noName, noJson);
const take = operation({ args: fc.constant(null), request: () => ({ call: "s/take" }) });
const check = badInputIsRefused(named({ malformed, take }));
const asked = (what: InvalidInput = noName) => new Script().invoke("o1", malformed, what);

test("400 that names the field passes; what has no name only needs the code", async () => {
  expect(await complaint(check, asked().fail("o1", 400, "the name is empty").history())).toBeUndefined();
  expect(await complaint(check, asked(noJson).fail("o1", 400, "what is this?").history())).toBeUndefined();
});

test.each<[string, Script, string]>([
  ["another code", asked().fail("o1", 500, "the name is empty"), "500 the name is empty"],
  ["no name", asked().fail("o1", 400, "no"), "400 no"],
  ["a success", asked().ok("o1", "taken"), "taken"],
  ["a success that nobody heard", asked().info("o1").learned("o1", { value: "taken" }), "taken"],
])("%s is wrong", async (_, script, seen) => {
  expect(await complaint(check, script.history())).toMatchObject({
    summary: `o1 (malformed) makes no sense: its name is wrong. It was answered ${seen}.`,
    expected: "400, naming name, and no effect",
    seen,
    events: [0, 1],
  });
});

test("nothing may come of it, refused or not", async () => {
  const acted = asked().effect("shop take k", { operation: "o1" }).fail("o1", 400, "the name is empty");
  expect(await complaint(check, acted.history())).toMatchObject({
    summary: "o1 (malformed) makes no sense: its name is wrong. It had an effect.",
    events: [0, 1, 2],
  });
  const another = asked().effect("shop take k", { operation: "o2" }).fail("o1", 400, "the name is empty");
  expect(await complaint(check, another.history())).toBeUndefined();
});

test("who lost the answer has nothing to tell; a server that was killed may not know its services yet", async () => {
  expect(await complaint(check, asked().info("o1").history())).toBeUndefined();
  const unknown = (kind: string) => asked().inject("f1", kind, "o1").fail("o1", 404, "no such service").history();
  expect(await complaint(check, unknown("kill-server"))).toBeUndefined();
  expect(await complaint(check, unknown("kill-endpoint"))).toBeDefined();
});

test("input that makes sense is not its concern", async () => {
  expect(await complaint(check, new Script().invoke("o1", take, null).ok("o1").history())).toBeUndefined();
});
