import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../plan/index.ts";
import { makeTag, TAG_PATTERN, tagged, taggedJson, untagged, untaggedJson } from "./tag.ts";

const tag = makeTag(Math.random);

test("tags are told apart from all other text, and from each other", () => {
  const tags = Array.from({ length: 500 }, () => makeTag(Math.random));
  expect(new Set(tags).size).toBe(500);
  for (const one of tags) expect(TAG_PATTERN.exec(`POST /x/${one}p1/y`)?.[0]).toBe(one);
  expect(makeTag(() => 0)).toBe(makeTag(() => 0));
});

test.each([
  ["@p1", `${tag}p1`],
  ["POST /reserve/@p1/@r1", `POST /reserve/${tag}p1/${tag}r1`],
  ["somebody@example.org", "somebody@example.org"],
  ["p1", "p1"],
])("%s is seen by the stack as %s", (text, seen) => {
  expect(tagged(text, tag)).toBe(seen);
  expect(untagged(seen, tag)).toBe(text);
});

test("whatever the stack says comes back as the plan writes it", () => {
  const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom("@p1", "@p2/x", "plain", "a/@b", "a@b"),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value")),
      fc.dictionary(fc.constantFrom("id", "amount", "list"), tie("value")),
    ),
  })).value;
  fc.assert(
    fc.property(value, (json) => {
      const seen = JSON.stringify(taggedJson(json, tag));
      expect(JSON.parse(untagged(seen, tag))).toEqual(json);
      expect(untaggedJson(JSON.parse(seen), tag)).toEqual(json);
      expect(seen).not.toMatch(/"@|\/@/);
    }),
  );
});

test("names of fields are translated back too, and what was never there stays away", () => {
  expect(untaggedJson({ [`${tag}p1`]: { of: [`x/${tag}p2`, null, 1] } }, tag)).toEqual({
    "@p1": { of: ["x/@p2", null, 1] },
  });
  expect(untaggedJson({ type: "ok" }, tag)).not.toHaveProperty("value");
  // a name like any other, in JSON
  expect(Object.keys(taggedJson(JSON.parse('{"__proto__": 1}'), tag) as object)).toEqual(["__proto__"]);
});
