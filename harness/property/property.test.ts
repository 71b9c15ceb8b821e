import fc from "fast-check";
import { expect, test } from "vitest";
import { viewOf } from "../history/index.ts";
import { cancel } from "./draft.ts";
import { invalidInput } from "./invalid-input.ts";
import { operation } from "./kind.ts";
import { externalCall } from "./point.ts";
import { declaredProperties, onDeclare, property, scriptedPlans } from "./property.ts";
import { scenario } from "./scenario.ts";
import { propertyOf, Script } from "./testing.ts";

const kind = () => operation({ args: fc.constant(null), request: () => ({ call: "s/run" }) });
const holds = { "it holds": () => ({ verdict: "valid" }) as const };
const nothing = { pattern: "p", scenarios: {} };
const noConditions = { faults: [], exclusive: false, profiles: {} };

test("a property that could not fail, or would do nothing, is no property", () => {
  expect(() => property("empty", { ...nothing, operations: { run: kind() }, invariants: {} })).toThrow(
    'property "empty": it has no invariants',
  );
  expect(() => property("idle", { ...nothing, operations: {}, invariants: holds })).toThrow(
    'property "idle": it has no operations',
  );
});

test("names that every property has are taken", () => {
  for (const name of ["terminates", "idempotent", "bad input is refused"])
    expect(() => propertyOf({ operations: { run: kind() }, invariants: { [name]: holds["it holds"] } })).toThrow(
      `every property has an invariant "${name}": call yours otherwise`,
    );
  for (const name of ["attach", "cancel", "terminate", "invalid"])
    expect(() => propertyOf({ operations: { [name]: kind() } })).toThrow(
      `"${name}" is a kind that every property has: call yours otherwise`,
    );
});

test("one kind has one name, in all properties that have it", () => {
  const run = kind();
  expect(() => propertyOf({ operations: { run, walk: run } })).toThrow('one kind is called both "run" and "walk"');
  propertyOf({ operations: { run } });
  expect(run.definition.name).toBe("run");
});

test("own invariants are judged between those that all share", () => {
  const { invariants, first } = propertyOf({ operations: { run: kind() }, invariants: holds });
  const names = Object.keys(invariants);
  expect(names.slice(0, first.length)).toEqual(first);
  expect(names[first.length]).toBe("it holds");
  expect(names.slice(first.length + 1)).toContain("fails for a reason");
});

test("settings are texts; audit and release do nothing unless they are given", () => {
  const plain = propertyOf({ operations: { run: kind() }, settings: { A: 5, B: "b" } });
  expect(plain.environment).toEqual({ A: "5", B: "b" });
  expect([plain.audit([]), plain.release([])]).toEqual([[], []]);
});

test("whoever runs properties hears of each that is declared", () => {
  const heard: string[] = [];
  onDeclare(({ name }) => heard.push(name));
  const declared = propertyOf({ name: "the last one", operations: { run: kind() } });
  onDeclare(() => {});
  expect(heard).toEqual(["the last one"]);
  expect(declaredProperties().at(-1)).toBe(declared);
});

test("scripted plans are those of the scenarios, which are made when the kinds have their names", () => {
  const run = kind();
  const reached = scenario({ o1: run(null), o2: cancel("o1").before(externalCall("o1", 1)) });
  const declared = propertyOf({ operations: { run }, scenarios: { reached } });
  expect(scriptedPlans(declared)).toEqual([reached.plan]);
  expect(reached.plan.operations.map((one) => one.kind)).toEqual(["run", "cancel"]);
});

// --- bad input

const bad = (field: string) => ({ request: { call: "s/run", input: field }, field });

test("each case of bad input that a property declares is asked for once, in one plan, and must be refused", () => {
  const malformed = invalidInput(bad("a"), bad("b"));
  const { scenarios } = propertyOf({ operations: { run: kind(), malformed } });
  const automatic = scenarios["each malformed request is refused"];
  expect(automatic?.plan.operations).toEqual([
    { id: "o1", client: "c-o1", kind: "malformed", args: bad("a") },
    { id: "o2", client: "c-o2", kind: "malformed", args: bad("b") },
  ]);
  const asked = () => new Script().invoke("o1", malformed, bad("a")).invoke("o2", malformed, bad("b"));
  const isReached = (script: Script) => automatic?.isReached(viewOf(script.history()));
  expect(isReached(asked().fail("o1", 400).fail("o2", 400))).toBe(true);
  expect(isReached(asked().fail("o1", 400).ok("o2"))).toBe(false);
  expect(isReached(asked().fail("o1", 400))).toBe(false);
});

test("every property can be asked to refuse requests; until then it has none, though plans may name them", () => {
  const run = kind();
  const declared = propertyOf({ operations: { run } });
  expect([Object.keys(declared.scenarios), declared.kinds.get("invalid")?.request(bad("a"))]).toEqual([
    [],
    bad("a").request,
  ]);
  const drawn = (of: typeof declared) =>
    new Set(
      fc
        .sample(of.plans(noConditions), { seed: 1, numRuns: 50 })
        .flatMap(({ operations }) => operations.filter((one) => one.of === undefined).map((one) => one.kind)),
    );
  expect(drawn(declared)).toEqual(new Set(["run"]));
  const refusing = declared.refusing([bad("a")]);
  expect(drawn(refusing)).toEqual(new Set(["run", "invalid"]));
  expect(Object.keys(refusing.scenarios)).toEqual(["each invalid request is refused"]);
  expect([refusing.name, Object.keys(refusing.invariants)]).toEqual([declared.name, Object.keys(declared.invariants)]);
  // one of which only some is judged stays so
  expect({ ...declared, invariants: {} }.refusing([bad("a")]).invariants).toEqual({});
});

test("what a plan says of bad input is read, and named when it is none", () => {
  const { kinds } = propertyOf({ operations: { run: kind() } });
  expect(() => kinds.get("invalid")?.request({ request: { go: 1 }, field: "x" })).toThrow();
});
