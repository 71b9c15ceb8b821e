import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeId } from "../../src/external/encode-id.ts";
import { decodeId } from "./ids.ts";

const STRANGE = [
  ".",
  "..",
  "...",
  "~",
  "~.",
  "~u0041",
  "%2e",
  "a/b",
  "a b",
  " a",
  "A",
  "a",
  "é",
  "e\u0301",
  "\ud800",
  "😀",
];
const strange = fc.oneof(
  fc.constantFrom(...STRANGE, "__proto__", "?x=1", "#", "+", "\0", "\r\n"),
  fc.string({ unit: "binary", minLength: 1 }),
  fc
    .array(fc.constantFrom("~", ".", "%", "u", "d800", "\ud800", "\udc00", "/", "2e"), { minLength: 1 })
    .map((all) => all.join("")),
);

test("whatever an id is, it comes back from what it is written as", () => {
  fc.assert(
    fc.property(strange, (id) => {
      expect(decodeId(encodeId(id))).toBe(id);
    }),
  );
});

test("it stays in its place in a URL, and a header can carry it", () => {
  fc.assert(
    fc.property(strange, (id) => {
      const { pathname, search } = new URL(`http://host/a/${encodeId(id)}/b?q=${encodeId(id)}`);
      expect(pathname).toBe(`/a/${encodeId(id)}/b`);
      expect(search).toBe(`?q=${encodeId(id).replaceAll("'", "%27")}`);
      expect(new Headers({ key: encodeId(id) }).get("key")).toBe(encodeId(id));
    }),
  );
});

test.each(["%", "%zz", "%ff"])("no id is written as %j", (text) => {
  expect(decodeId(text)).toBeUndefined();
});
