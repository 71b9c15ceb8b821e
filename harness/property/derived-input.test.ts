import { expect, test } from "vitest";
import { z } from "zod";
import type { JsonSchema } from "../stack/index.ts";
import { derivedInput } from "./derived-input.ts";

const handler = (schema: z.ZodType | JsonSchema | undefined, isKeyed = false) => ({
  service: "shop",
  handler: "take",
  isKeyed,
  ...(schema && { schema: schema instanceof z.ZodType ? z.toJSONSchema(schema) : schema }),
});
/** "field: input", or the body as it is, of all requests of a handler with the schema. */
const flawsOf = (schema: z.ZodType | JsonSchema): string[] =>
  derivedInput([handler(schema)]).map(
    ({ request: { input, body }, field }) => `${field}: ${body ?? JSON.stringify(input)}`,
  );

test("each field of an object is missing, of a wrong type, and out of its range; all others are right", () => {
  const schema = z.object({ item: z.string().min(1), count: z.int().positive().max(1e12) });
  expect(flawsOf(schema)).toEqual([
    ": {",
    ": null",
    ': "text"',
    'item: {"count":1}',
    'item: {"count":1,"item":null}',
    'item: {"count":1,"item":7}',
    'item: {"count":1,"item":""}',
    'count: {"item":"@bad0"}',
    'count: {"item":"@bad0","count":null}',
    'count: {"item":"@bad0","count":"text"}',
    'count: {"item":"@bad0","count":-1}',
    'count: {"item":"@bad0","count":0}',
    'count: {"item":"@bad0","count":0.5}',
    'count: {"item":"@bad0","count":1e+300}',
    'count: {"item":"@bad0","count":1000000000001}',
  ]);
});

test("only what the schema excludes is wrong", () => {
  const schema = z.object({
    item: z.string(),
    count: z.number().nullable(),
    note: z.boolean().optional(),
    any: z.any(),
  });
  expect(flawsOf(schema)).toEqual([
    ": {",
    ": null",
    ': "text"',
    'item: {"count":1,"note":true,"any":"@bad0"}',
    'item: {"count":1,"note":true,"any":"@bad0","item":null}',
    'item: {"count":1,"note":true,"any":"@bad0","item":7}',
    'count: {"item":"@bad0","note":true,"any":"@bad0"}',
    'count: {"item":"@bad0","note":true,"any":"@bad0","count":"text"}',
    'note: {"item":"@bad0","count":1,"any":"@bad0","note":null}',
    'note: {"item":"@bad0","count":1,"any":"@bad0","note":"text"}',
  ]);
});

test("fields of fields are wrong under their own names", () => {
  const flaws = flawsOf(z.object({ car: z.object({ place: z.string().min(1) }) }));
  expect(flaws).toContain("car: {}");
  expect(flaws).toContain('place: {"car":{}}');
  expect(flaws).toContain('place: {"car":{"place":""}}');
});

test("an input that is no object has no name", () => {
  expect(flawsOf(z.string().min(1))).toEqual([": {", ": null", ": 7", ': ""']);
  expect(flawsOf(z.enum(["up", "down"]))).toEqual([": {", ": null", ": 7", ': ""']);
  expect(flawsOf(z.literal("up"))).toEqual([": {", ": null", ": 7", ': ""']);
});

test("a field with a default may be anything, and so may what cannot be read", () => {
  const flaws = flawsOf(z.object({ item: z.string(), count: z.number().default(3) }));
  expect(flaws.filter((one) => one.startsWith("count"))).toEqual([]);
  expect(flawsOf({ $ref: "https://elsewhere.example/order" })).toEqual([": {"]);
  expect(flawsOf({})).toEqual([": {"]);
});

test("a handler without a schema is left out", () => {
  expect(derivedInput([handler(undefined)])).toEqual([]);
});

test("each request to a keyed handler has a key of its own, which belongs to the case", () => {
  const requests = derivedInput([handler(z.string(), true), handler(z.number(), true)]).map(({ request }) => request);
  const keys = requests.map((request) => ("key" in request ? request.key : undefined));
  expect(new Set(keys).size).toBe(requests.length);
  expect(keys.every((key) => key?.startsWith("@bad"))).toBe(true);
  expect(requests.every((request) => "call" in request && request.call === "shop/take")).toBe(true);
});
