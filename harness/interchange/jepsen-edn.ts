import { UnusableHistory } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import { type Edn, EdnError, EdnReader, Keyword, readEdn, Symbol, Tagged, writeEdn } from "./edn.ts";
import { type JepsenEvent, type JepsenHistory, JepsenReader, type WrittenEvent } from "./jepsen.ts";

/**
 * Reads a history in EDN: one map per event, one after the other or in one vector, plain or as Jepsen's records.
 * @throws UnusableHistory, naming the line
 */
export function readJepsenEdn(text: string): JepsenHistory {
  const history = new JepsenReader();
  const elements = new EdnReader(text);
  const lines = lineCounter(text);
  try {
    const inVector = elements.enter("[") || elements.enter("(");
    while (!(inVector && (elements.leave("]") || elements.leave(")")))) {
      const line = lines(elements.position);
      if (elements.position === text.length) {
        if (inVector) throw new UnusableHistory("the history is cut off: its vector is never closed", line);
        break;
      }
      history.add(eventOf(elements.read(), line), line);
    }
    if (elements.position < text.length) throw new UnusableHistory("text after the end", lines(elements.position));
  } catch (error) {
    if (error instanceof EdnError) throw new UnusableHistory(error.message, lineCounter(text)(error.at));
    throw error;
  }
  return history;
}

/** Writes a history in EDN, one map per line. */
export function writeJepsenEdn(events: readonly JepsenEvent[]): string {
  return events.map((event, index) => `${writeEdn(mapOf(event, index))}\n`).join("");
}

/** What EDN holds, as JSON: see `JepsenEvent` for what JSON lacks. */
export function jsonOfEdn(value: Edn): Json {
  if (typeof value === "string") return keyword.test(value) ? { '#"': value } : value;
  if (value instanceof Keyword) return `:${value.name}`;
  if (value instanceof Symbol) return { "#'": value.name };
  if (value instanceof Tagged) return { [`#${value.tag}`]: jsonOfEdn(value.value) };
  if (value instanceof Set) return { "#": [...value].map(jsonOfEdn) };
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [nameOf(key), jsonOfEdn(item)]));
  if (Array.isArray(value)) return value.map(jsonOfEdn);
  return value;
}

/** The way back. */
export function ednOfJson(value: Json): Edn {
  if (typeof value === "string") return keyword.test(value) ? new Keyword(value.slice(1)) : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(ednOfJson);
  const fields = Object.entries(value);
  const [name, item] = fields[0] ?? ["", null];
  if (fields.length === 1) {
    if (name === "#" && Array.isArray(item)) return new Set(item.map(ednOfJson));
    if (name === "#'" && typeof item === "string") return new Symbol(item);
    if (name === '#"' && typeof item === "string") return item;
    if (/^#[a-zA-Z]/.test(name)) return new Tagged(name.slice(1), ednOfJson(item));
  }
  return new Map(fields.map(([key, field]) => [keyOf(key), ednOfJson(field)]));
}

const keyword = /^:[^:\s,()[\]{}"\\;][^\s,()[\]{}"\\;]*$/;

/** A key of a map that would be taken for something else is written as EDN after a #: `{ "#1": "one" }`. */
function nameOf(key: Edn): string {
  if (key instanceof Keyword) return `:${key.name}`;
  return typeof key === "string" && !/^[:#]/.test(key) ? key : `#${writeEdn(key)}`;
}
function keyOf(name: string): Edn {
  if (keyword.test(name)) return new Keyword(name.slice(1));
  return name.startsWith("#") ? readEdn(name.slice(1)) : name;
}

function eventOf(element: Edn, line: number): WrittenEvent {
  const map = element instanceof Tagged ? element.value : element;
  if (!(map instanceof Map)) throw new UnusableHistory("an event is a map", line);
  const fields = new Map<string, Edn>();
  for (const [key, value] of map) if (key instanceof Keyword) fields.set(key.name, value);
  const type = fields.get("type");
  if (!(type instanceof Keyword) || !isType(type.name))
    throw new UnusableHistory("an event without a known :type", line);
  const process = fields.get("process");
  const event: WrittenEvent = { type: type.name, value: jsonOfEdn(fields.get("value") ?? null) };
  if (typeof process === "number") event.process = process;
  else if (process instanceof Keyword) event.process = `:${process.name}`;
  else if (process !== undefined) throw new UnusableHistory("a :process is a number or a keyword", line);
  const f = fields.get("f");
  if (f instanceof Keyword) event.f = f.name;
  else if (typeof f === "string") event.f = f;
  else if (f !== undefined) throw new UnusableHistory("an :f is a keyword", line);
  const key = fields.get("key");
  if (key !== undefined) event.key = jsonOfEdn(key);
  const time = fields.get("time");
  if (typeof time === "number") event.time = time;
  const error = fields.get("error");
  if (error !== undefined) event.error = jsonOfEdn(error);
  return event;
}

function mapOf(event: JepsenEvent, index: number): Edn {
  const map = new Map<Edn, Edn>();
  const put = (name: string, value: Edn) => map.set(new Keyword(name), value);
  put("index", index);
  if (event.time !== undefined) put("time", event.time);
  put("type", new Keyword(event.type));
  put("process", typeof event.process === "number" ? event.process : ednOfJson(event.process));
  put("f", new Keyword(event.f));
  if (event.key !== undefined) put("key", ednOfJson(event.key));
  put("value", ednOfJson(event.value));
  if (event.error !== undefined) put("error", ednOfJson(event.error));
  return map;
}

function isType(name: string): name is JepsenEvent["type"] {
  return name === "invoke" || name === "ok" || name === "fail" || name === "info";
}

/** Counts lines up to a position; positions must not go back. */
function lineCounter(text: string): (position: number) => number {
  let counted = 0;
  let line = 1;
  return (position) => {
    for (let at = text.indexOf("\n", counted); at >= 0 && at < position; at = text.indexOf("\n", at + 1)) line++;
    counted = Math.max(counted, position);
    return line;
  };
}
