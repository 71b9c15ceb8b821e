import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encode } from "./encode.ts";

const value = fc.anything({ withBigInt: true, withMap: true, withSet: true, maxDepth: 3 });

test("two values have one text exactly if they are equal", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(encode(a)).toBe(encode(structuredClone(a)));
      if (encode(a) === encode(b)) expect(isDeepStrictEqual(a, b)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("look-alikes differ, and the order of keys does not matter", () => {
  const different = [
    0,
    -0,
    "0",
    0n,
    false,
    null,
    undefined,
    "",
    [],
    {},
    [undefined],
    [null],
    new Map(),
    new Set(),
    "null",
  ];
  expect(new Set(different.map(encode)).size).toBe(different.length);
  expect(encode({ a: 1, b: { d: 2, c: 3 } })).toBe(encode({ b: { c: 3, d: 2 }, a: 1 }));
});

test("what has no canonical text is refused", () => {
  expect(() => encode(() => 0)).toThrow(TypeError);
  expect(() => encode({ when: new Date(0) })).toThrow(/instance of Date/);
});
