/** Numbers, durations and values as a person reads them; shared by the terminal and the page. */

import type { Json } from "../plan/index.ts";

/** 1234567 -> "1,234,567". */
export function count(n: number): string {
  return n.toLocaleString("en-US");
}

/** plural(1, "fault") -> "1 fault", plural(2, "fault") -> "2 faults", plural(2, "property", "properties"). */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** One number of each entry, added up: of `{ zombie: { planned: 3, injected: 2 }, ... }` all that were injected. */
export const sumOf = <Name extends string>(
  entries: Readonly<Record<string, Readonly<Record<Name, number>>>>,
  name: Name,
): number => Object.values(entries).reduce((total, entry) => total + entry[name], 0);

/** Milliseconds with the precision that fits their size: "0.42 ms", "12 ms", "3.4 s", "2 min 05 s", "1 h 02 min". */
export function duration(milliseconds: number): string {
  if (milliseconds < 9.95) return `${Number(milliseconds.toFixed(milliseconds < 1 ? 2 : 1))} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** A value on one line, cut to `length` characters. */
export function compact(value: Json | undefined, length = 80): string {
  return cut(value === undefined ? "nothing" : JSON.stringify(value), length);
}

/** The text, cut to `length` characters with an ellipsis. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`;
}

const pad = (n: number): string => String(n).padStart(2, "0");
