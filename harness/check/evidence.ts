import type { Json } from "../plan/index.ts";
import type { Verdict } from "./verdict.ts";

/** Texts of values in sentences are cut when they are longer. */
const longest = 120;

/** A value for a sentence: JSON, cut when it is long. */
export function say(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= longest ? text : `${text.slice(0, longest - 3)}...`;
}

/** A verdict with its evidence; events are put in order. */
export function invalid(summary: string, events: readonly number[]): Extract<Verdict, { verdict: "invalid" }> {
  return { verdict: "invalid", evidence: { summary, events: [...new Set(events)].sort((a, b) => a - b) } };
}
