import type { Property } from "../property/index.ts";
import type { PropertyProgress } from "../record/index.ts";

/** The progress of a property on a stack before its first case. */
export const notBegun = (
  { name, pattern, invariants }: Property,
  stack: PropertyProgress["stack"],
): PropertyProgress => ({
  type: "property",
  property: name,
  pattern,
  stack,
  verdict: "running",
  cases: 0,
  operations: 0,
  milliseconds: 0,
  faults: {},
  outcomes: {},
  systems: {},
  scenarios: {},
  invariants: Object.keys(invariants),
});
