import type { Evidence } from "../check/index.ts";
import { say } from "../check/index.ts";
import type { Json } from "../plan/index.ts";

/** Why a history breaks an invariant, for a reader who has not seen the property. */
export type Violation = Evidence;

/** Something that the events of a history tell of: an operation, an entry of the ledger, a fault, or a place itself. */
export type Told = number | { places: readonly number[] } | { index: number } | { injected: number; healed: number };

/**
 * A violation, with what contradicts each other in it.
 *
 * @param summary one or two sentences that name the contradiction; records read well in them: `${one} was answered ...`
 * @param more what was expected, and what was seen in its place: texts as they are, other values as JSON
 * @param evidence records or places of events, or lists of them; what is not there is left out
 */
export function violation(
  summary: string,
  more: { expected?: Json | undefined; seen?: Json | undefined } = {},
  ...evidence: readonly (Told | readonly Told[] | undefined)[]
): Violation {
  const { expected, seen } = more;
  const places = new Set(evidence.flatMap((one) => (isList(one) ? one.flatMap(placesOf) : placesOf(one))));
  return {
    summary,
    ...(expected !== undefined && { expected: textOf(expected) }),
    ...(seen !== undefined && { seen: textOf(seen) }),
    events: [...places].filter(Number.isFinite).sort((a, b) => a - b),
  };
}

const isList = (one: Told | readonly Told[] | undefined): one is readonly Told[] => Array.isArray(one);

function placesOf(one: Told | undefined): readonly number[] {
  if (one === undefined) return [];
  if (typeof one === "number") return [one];
  if ("places" in one) return one.places;
  return "index" in one ? [one.index] : [one.injected, one.healed];
}

/** A value for a sentence: a text as it is, anything else as JSON, cut when it is long. */
export const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : say(value));
