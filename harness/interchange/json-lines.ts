import { UnusableHistory } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import { type JepsenEvent, type JepsenHistory, JepsenReader, type WrittenEvent } from "./jepsen.ts";

/** Writes events as JSON lines, one event a line. */
export function writeJepsenLines(events: readonly JepsenEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

/** @throws UnusableHistory, naming the line */
export function readJepsenLines(text: string): JepsenHistory {
  const reader = new JepsenReader();
  text.split("\n").forEach((content, at) => {
    if (content.trim() !== "") reader.add(eventOf(objectOf(content, at + 1), at + 1), at + 1);
  });
  return reader;
}

function eventOf(fields: { [name: string]: Json }, line: number): WrittenEvent {
  const { type, process, f, value = null, key, time, error } = fields;
  if (type !== "invoke" && type !== "ok" && type !== "fail" && type !== "info")
    throw new UnusableHistory("an event without a known type", line);
  if (process !== undefined && typeof process !== "number" && typeof process !== "string")
    throw new UnusableHistory("a process is a number or a name", line);
  if (f !== undefined && typeof f !== "string") throw new UnusableHistory("an f is a name", line);
  if (time !== undefined && typeof time !== "number") throw new UnusableHistory("a time that is no number", line);
  return {
    type,
    value,
    ...(process === undefined ? {} : { process }),
    ...(f === undefined ? {} : { f }),
    ...(key === undefined ? {} : { key }),
    ...(time === undefined ? {} : { time }),
    ...(error === undefined ? {} : { error }),
  };
}

function objectOf(content: string, line: number): { [name: string]: Json } {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw new UnusableHistory("no JSON, or cut off", line);
  }
  if (!isObject(value)) throw new UnusableHistory("an event is an object", line);
  return value;
}

function isObject(value: unknown): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
