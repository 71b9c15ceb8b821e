import type { Performed } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import type { Evidence, Verdict } from "./verdict.ts";

/** A verdict with its evidence; events are put in order, and those that there are not are left out. */
export function invalid(
  summary: string,
  events: readonly (number | undefined)[],
  more: Partial<Evidence> = {},
): Extract<Verdict, { verdict: "invalid" }> {
  const places = new Set(events.filter((index) => index !== undefined));
  return { verdict: "invalid", evidence: { summary, ...more, events: [...places].sort((a, b) => a - b) } };
}

/** "o3 (reserve)" */
export function nameOf({ operation }: Performed): string {
  return `${operation.id} (${operation.kind})`;
}

/** The events of an operation's invoke and completion, as far as there are any. */
export function eventsOf({ invoke, completed }: Performed): number[] {
  return [invoke, completed].filter((index) => index !== undefined);
}

/** A value for a sentence: JSON, cut when it is long. */
export function say(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
