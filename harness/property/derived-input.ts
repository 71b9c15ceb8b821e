import fc from "fast-check";
import { z } from "zod";
import type { Json } from "../plan/index.ts";
import type { HandlerDescription, JsonSchema } from "../stack/index.ts";
import { type InvalidInput, InvalidInputDefinition } from "./invalid-input.ts";

/** The kind that every property has by itself: input that the schemas of the served handlers refuse. */
export const INVALID = "invalid";

/** What is wrong with an input, and the input; in the place of one, what is no JSON. */
type Flawed = { field: string } & ({ input: Json } | { body: string });

const NOT_JSON: Flawed = { field: "", body: "{" };
/** Numbers below, at and beside the least one that most take, and one that is too large for most. */
const NUMBERS = [-1, 0, 0.5, 1e300];

/**
 * Requests that the handlers must refuse, as their schemas say. Each has one flaw: a body that is no JSON, a required
 * field that is missing, a field of a wrong type, an empty text, a number that is out of range. Handlers without a schema
 * are left out; so are fields with a default, which may be anything, and what a schema says in a way that cannot be read.
 *
 * Each request to a keyed handler has a key of its own: a workflow runs once for each key.
 */
export function derivedInput(handlers: readonly HandlerDescription[]): InvalidInput[] {
  const flawed = handlers.flatMap(({ service, handler, isKeyed, schema }) =>
    schema === undefined
      ? []
      : [NOT_JSON, ...flawsOf(schema)].map((flaw) => ({ call: `${service}/${handler}`, isKeyed, ...flaw })),
  );
  return flawed.map(({ field, call, isKeyed, ...content }, index) => ({
    request: { call, ...(isKeyed && { key: keyOf(index + 1) }), ...content },
    field,
  }));
}

/** The kind of these requests. In storms, too, each has a key of its own. */
export function derivedKind(cases: readonly InvalidInput[]): InvalidInputDefinition {
  if (cases.length === 0) return new InvalidInputDefinition([]);
  const drawn = fc.record({ one: fc.constantFrom(...cases), number: fc.nat() }).map(({ one, number }) => ({
    ...one,
    request: "key" in one.request ? { ...one.request, key: keyOf(number) } : one.request,
  }));
  return new InvalidInputDefinition(cases, drawn);
}

const keyOf = (number: number): string => `@bad${number}`;

/** @param place puts a value where the schema is that of a field, and gives the whole input */
function* flawsOf(schema: JsonSchema, field = "", place = (value: Json): Json => value): Generator<Flawed> {
  if ("default" in schema) return;
  const sample = sampleOf(schema);
  for (const value of suspects(sample, schema)) if (refuses(schema, value)) yield { field, input: place(value) };
  if (typeof sample !== "object" || sample === null || Array.isArray(sample)) return;
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (typeof member === "boolean") continue;
    const { [name]: _, ...others } = sample;
    if (schema.required?.includes(name) && !mayBeMissing(member) && refuses(schema, others))
      yield { field: name, input: place(others) };
    yield* flawsOf(member, name, (value) => place({ ...others, [name]: value }));
  }
}

/** What has a default is in every output, and what may be anything may be nothing: whatever the schema requires. */
const mayBeMissing = (member: JsonSchema): boolean => "default" in member || Object.keys(member).length === 0;

/** Values that may be wrong where the sample is right. */
function suspects(sample: Json, { minimum, maximum }: JsonSchema): Json[] {
  if (typeof sample === "string") return [null, 7, ""];
  if (typeof sample !== "number") return [null, "text"];
  const beyond = [minimum === undefined ? [] : minimum - 1, maximum === undefined ? [] : maximum + 1].flat();
  return [null, "text", ...new Set([...NUMBERS, ...beyond])];
}

/** Whether a schema certainly refuses a value; one that cannot be read refuses nothing. */
function refuses(schema: JsonSchema, value: Json): boolean {
  try {
    return !z.fromJSONSchema(schema).safeParse(value).success;
  } catch {
    return false;
  }
}

/** What the schema is likely to accept. */
function sampleOf(schema: JsonSchema | boolean): Json {
  if (typeof schema === "boolean") return null;
  if (schema.const !== undefined) return jsonOf(schema.const);
  if (schema.enum?.[0] !== undefined) return jsonOf(schema.enum[0]);
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice !== undefined) return sampleOf(choice);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "object":
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, of]) => [name, sampleOf(of)]));
    case "array":
      return [];
    case "boolean":
      return true;
    case "null":
      return null;
    case "number":
    case "integer":
      return Math.max(1, schema.minimum ?? 1);
    default:
      return keyOf(0);
  }
}

const jsonOf = (value: unknown): Json => {
  const read = z.json().safeParse(value);
  return read.success ? read.data : null;
};
