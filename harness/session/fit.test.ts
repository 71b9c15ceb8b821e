import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { operation, property, scenario } from "../index.ts";
import type { Request } from "../plan/index.ts";
import { declaredProperties, type Property, type PropertyOptions } from "../property/index.ts";
import { externalSystem } from "../world/index.ts";
import { unserved } from "./fit.ts";
import { SystemUnderTest } from "./system-under-test.ts";

const own = await SystemUnderTest.load();
let declared = 0;

/** A property of one kind, "ask", whose requests are these. */
function asking(request: Request, more: Partial<PropertyOptions> = {}, other?: Request): Property {
  const ask = operation({
    args: fc.constantFrom<string>("@p1", "@p2"),
    request: (key) => (key === "odd" && other ? other : request),
    ...(other && { routes: { other: () => other } }),
  });
  const name = `property ${++declared}`;
  property(name, {
    pattern: "durable-rpc",
    operations: { ask },
    invariants: { fine: () => ({ verdict: "valid" }) },
    scenarios: { some: scenario({ o1: ask("odd") }) },
    ...more,
  });
  const found = declaredProperties().find((one) => one.name === name);
  if (!found) throw new Error("it was not declared");
  return found;
}
const reserve: Request = { call: "product/reserve", key: "@p1" };

test("nothing is missing where every handler and front app is there", () => {
  expect(unserved(asking(reserve, {}, { front: "POST /reserve/@p1/@r1" }), own)).toBeUndefined();
});

test("a pattern that the catalog does not have is named, with those that there are", () => {
  const complaint = unserved(asking(reserve, { pattern: "luck" }), own);
  expect(complaint).toContain('is of the pattern "luck", which ');
  expect(complaint).toContain("it has batching, durable-promises, durable-rpc, ");
});

test("a handler that no service of the pattern has is named, by whatever route, in whatever scenario", () => {
  const missing = 'the pattern "durable-rpc" has no handler "product/steal"; it has product/reserve, product/status';
  const steal: Request = { call: "product/steal", key: "@p1" };
  for (const odd of [asking(steal), asking(reserve, {}, steal)])
    expect(unserved(odd, own)).toBe(
      `operations of the kind "ask" of the property "${odd.name}" ask for product/@p1/steal: ${missing}`,
    );
});

test("a front app that the pattern does not have is missed", () => {
  const complaint = unserved(asking({ front: "GET /trips" }, { pattern: "sagas" }), own);
  expect(complaint).toContain('ask for GET /trips: the pattern "sagas" has no front app');
});

test("an external system that services call and the world does not have is named; a property may bring it", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "fit-"));
  try {
    const file = path.join(folder, "subject.mjs");
    const services = '[{ name: "inn", service: { book() {} } }]';
    writeFileSync(file, `export const catalog = { inns: { services: ${services}, external: ["hotel"] } };`);
    const subject = await SystemUnderTest.load(file);
    const hotel = externalSystem("hotel", () => 0);
    const without = asking({ call: "inn/book" }, { pattern: "inns" });
    expect(unserved(without, subject)).toContain(
      `the pattern "inns" calls the external system "hotel", which is not in the world of the property "${without.name}"; there are alerts, `,
    );
    expect(unserved(asking({ call: "inn/book" }, { pattern: "inns", systems: [hotel] }), subject)).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
