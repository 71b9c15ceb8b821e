import fc from "fast-check";
import { expect, test } from "vitest";
import { Id } from "./id.ts";
import { readSpelled, spell } from "./spelling.ts";

const awkward = fc.constantFrom(
  ".",
  "..",
  "=.",
  "=..",
  "==.",
  "=",
  "...",
  " ",
  "%2F",
  "a/b",
  "__proto__",
  "€",
  "\\",
  "?",
);
const anId = fc.oneof(
  awkward,
  fc.string({ minLength: 1, unit: "binary" }).filter((id) => id.isWellFormed()),
);

test("every id stands in a path and in a header, and is read as it was", () => {
  fc.assert(
    fc.property(anId, (id) => {
      const { pathname } = new URL(`http://host/tasks/${spell(id)}/result`);
      expect(pathname).toBe(`/tasks/${spell(id)}/result`);
      expect(new Headers({ key: spell(id) }).get("key")).toBe(spell(id));
      expect(readSpelled(pathname.split("/")[2] ?? "")).toBe(id);
    }),
  );
});

test("ordinary ids are spelled as they are", () => {
  for (const id of ["r1", "t~1", "A-b_c.d", "sp0-p1"]) expect(spell(id)).toBe(id);
});

test("what is not escaped is read as well, and what is escaped wrongly is refused", () => {
  expect(readSpelled("=..")).toBe("..");
  expect(readSpelled("a=b@c")).toBe("a=b@c");
  expect(() => readSpelled("%ff")).toThrow(URIError);
});

test.each(["", "\ud800", 7, null, undefined])("%j is no id", (id) => {
  expect(Id.safeParse(id).error?.issues[0]?.message).toMatch(/^must/);
});
