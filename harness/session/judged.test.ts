import { expect, test } from "vitest";
import { declaredProperties } from "../property/index.ts";
import "../../properties/durable-rpc.property.ts";
import { judged, unknownInvariant } from "./judged.ts";

const [property] = declaredProperties();
if (!property) throw new Error("the property is not declared");
const all = Object.keys(property.invariants);
const names = (choice: Parameters<typeof judged>[1]): string[] =>
  Object.keys(judged(property, choice).property.invariants);

test("all invariants are judged, unless some are chosen", () => {
  expect(judged(property, {})).toEqual({ property, unjudged: [] });
  expect(names({ only: ["linearizable", "terminates"] })).toEqual(["terminates", "linearizable"]);
  expect(names({ skip: ["linearizable"] })).toEqual(all.filter((name) => name !== "linearizable"));
  expect(names({ only: ["linearizable", "terminates"], skip: ["terminates"] })).toEqual(["linearizable"]);
  expect(names({ only: ["of another property"] })).toEqual([]);
});

test("what is not judged is told", () => {
  expect(judged(property, { skip: ["terminates", "of another property"] }).unjudged).toEqual(["terminates"]);
});

test("a name that no property has is refused, with those that there are", () => {
  expect(unknownInvariant({}, all)).toBeUndefined();
  expect(unknownInvariant({ only: ["terminates"], skip: ["linearizable"] }, all)).toBeUndefined();
  expect(unknownInvariant({ skip: ["order"] }, ["b", "a", "b"])).toBe(
    'SKIP=order: no property has an invariant "order"; there are\n  a\n  b',
  );
});
