import { expect, test } from "vitest";
import type { Operation } from "../plan/index.ts";
import { declaredProperties } from "../property/index.ts";
import "../../properties/durable-rpc.property.ts";
import { misfit } from "./saved-plan.ts";

const [property] = declaredProperties();
if (!property) throw new Error("the property is not declared");
const complaint = (more: Partial<Operation>) => {
  const operation = { id: "o1", client: "c1", kind: "reserve", args: { product: "@p1", reservation: "@r1" }, ...more };
  return misfit({ operations: [operation], faults: [] }, property);
};

test("a plan of the property fits, by every route, with what every property has", () => {
  expect(complaint({})).toBeUndefined();
  expect(complaint({ route: "front" })).toBeUndefined();
  expect(complaint({ kind: "cancel", args: null, of: "o1" })).toBeUndefined();
});

test("a kind that the property does not have is named, with those that it has", () => {
  expect(complaint({ kind: "steal" })).toBe(
    `the operation "o1" is of the kind "steal", which the property "${property.name}" does not have; it has reserve, status, invalid`,
  );
});

test("a route that the kind does not have is named, with those that it has", () => {
  expect(complaint({ route: "back" })).toBe(
    'the operation "o1" makes no request: reserve has no route "back"; it has direct, front',
  );
});

test("arguments of which no request can be made are refused", () => {
  expect(complaint({ args: null })).toContain('the operation "o1" makes no request: ');
});
