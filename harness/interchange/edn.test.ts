import fc from "fast-check";
import { expect, test } from "vitest";
import { type Edn, EdnError, Keyword, readEdn, Symbol, Tagged, writeEdn } from "./edn.ts";

test("it reads what histories are made of", () => {
  const text = `{:type :invoke, :value [1 -2 3.5e3 nil true "a\\"b\\n\\u0041" \\a \\newline], ; a comment
    :set #{1 2} :list (1 [2]) #_ {:skipped 1} :tag #inst "2024-01-01" :big 9007199254740991N sym/bol ##Inf}`;
  expect(readEdn(text)).toEqual(
    new Map<Edn, Edn>([
      [new Keyword("type"), new Keyword("invoke")],
      [new Keyword("value"), [1, -2, 3500, null, true, 'a"b\nA', "a", "\n"]],
      [new Keyword("set"), new Set([1, 2])],
      [new Keyword("list"), [1, [2]]],
      [new Keyword("tag"), new Tagged("inst", "2024-01-01")],
      [new Keyword("big"), Number.MAX_SAFE_INTEGER],
      [new Symbol("sym/bol"), Number.POSITIVE_INFINITY],
    ]),
  );
});

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/);
const { edn } = fc.letrec<{ edn: Edn }>((tie) => ({
  edn: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.string({ unit: "binary" }),
    name.map((text) => new Keyword(text)),
    name.filter((text) => !["nil", "true", "false"].includes(text)).map((text) => new Symbol(text)),
    fc.array(tie("edn"), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie("edn")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.uniqueArray(fc.integer(), { maxLength: 4 }).map((items) => new Set<Edn>(items)),
    fc.tuple(name, tie("edn")).map(([tag, value]) => new Tagged(tag, value)),
  ),
}));

test("what is written is read again", () => {
  fc.assert(
    fc.property(edn, (value) => {
      expect(readEdn(writeEdn(value))).toEqual(value);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  "",
  "{:a",
  "[1 2",
  '"open',
  ")",
  "{:a}",
  "12abc",
  "#",
  "##Foo",
  "1/2",
  "99999999999999999999",
  ":",
  "\\unknown",
  "1 2",
])("%j is refused", (text) => {
  expect(() => readEdn(text)).toThrow(EdnError);
});
