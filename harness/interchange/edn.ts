/**
 * Reads and writes EDN, the notation of Clojure's data (https://github.com/edn-format/edn): as much of it as
 * histories use. Numbers must be safe in double precision; a ratio is refused.
 */
export type Edn = null | boolean | number | string | Edn[] | Keyword | Symbol | Tagged | Map<Edn, Edn> | Set<Edn>;

/** `:name` */
export class Keyword {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
/** `name` */
export class Symbol {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
/** `#tag value` */
export class Tagged {
  readonly tag: string;
  readonly value: Edn;
  constructor(tag: string, value: Edn) {
    this.tag = tag;
    this.value = value;
  }
}

export class EdnError extends Error {
  override readonly name = "EdnError";
  /** position in the text */
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Reads one element after the other from a text. */
export class EdnReader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  /** where the next element begins; the length of the text when there is none */
  get position(): number {
    this.#skip();
    return this.#at;
  }

  /** Steps over an opening bracket, if that is what comes next, so that its elements can be read one by one. */
  enter(bracket: "(" | "["): boolean {
    this.#skip();
    if (this.#text[this.#at] !== bracket) return false;
    this.#at++;
    return true;
  }

  /** Steps over a closing bracket, if that is what comes next. */
  leave(bracket: ")" | "]"): boolean {
    this.#skip();
    if (this.#text[this.#at] !== bracket) return false;
    this.#at++;
    return true;
  }

  /** @throws EdnError */
  read(): Edn {
    this.#skip();
    const start = this.#at;
    const char = this.#text[start];
    switch (char) {
      case undefined:
        throw new EdnError("the text ends where an element should begin", start);
      case '"':
        return this.#string();
      case "(":
        return this.#sequence(")");
      case "[":
        return this.#sequence("]");
      case "{":
        return this.#map();
      case "#":
        return this.#dispatch();
      case "\\":
        return this.#character();
      case ")":
      case "]":
      case "}":
        throw new EdnError(`"${char}" closes nothing`, start);
      default:
        return this.#token();
    }
  }

  #skip(): void {
    for (;;) {
      blank.lastIndex = this.#at;
      blank.exec(this.#text);
      this.#at = blank.lastIndex;
      if (!this.#text.startsWith("#_", this.#at)) return;
      this.#at += 2;
      this.read();
    }
  }

  #sequence(close: string): Edn[] {
    const start = this.#at++;
    const items: Edn[] = [];
    for (;;) {
      this.#skip();
      if (this.#at >= this.#text.length) throw new EdnError(`"${this.#text[start]}" is never closed`, start);
      if (this.#text[this.#at] === close) {
        this.#at++;
        return items;
      }
      items.push(this.read());
    }
  }

  #map(): Map<Edn, Edn> {
    const start = this.#at;
    const items = this.#sequence("}");
    if (items.length % 2 === 1) throw new EdnError("a map with a key that has no value", start);
    const map = new Map<Edn, Edn>();
    for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
    return map;
  }

  #dispatch(): Edn {
    const start = this.#at++;
    if (this.#text[this.#at] === "{") return new Set(this.#sequence("}"));
    if (this.#text.startsWith("#", this.#at)) {
      const name = this.#word().slice(1);
      if (name in symbolic) return symbolic[name as keyof typeof symbolic];
      throw new EdnError(`unknown symbolic value ##${name}`, start);
    }
    const tag = this.#word();
    if (tag === "") throw new EdnError('"#" without a tag', start);
    return new Tagged(tag, this.read());
  }

  #string(): string {
    quoted.lastIndex = this.#at;
    const match = quoted.exec(this.#text);
    if (!match) throw new EdnError("a string that never ends", this.#at);
    this.#at = quoted.lastIndex;
    const raw = match[0].slice(1, -1);
    if (!raw.includes("\\")) return raw;
    return raw.replace(/\\(u[0-9a-fA-F]{4}|[\s\S])/g, (_, escape: string) => unescape(escape));
  }

  #character(): string {
    const start = this.#at++;
    // also a bracket or a blank may follow the backslash
    const name = this.#text[this.#at] + (this.#text.slice(this.#at + 1).match(/^[^\s,()[\]{}";]*/)?.[0] ?? "");
    this.#at += name.length;
    if (name.length === 1) return name;
    if (name in characters) return characters[name as keyof typeof characters];
    if (/^u[0-9a-fA-F]{4}$/.test(name)) return String.fromCharCode(Number.parseInt(name.slice(1), 16));
    throw new EdnError(`unknown character \\${name}`, start);
  }

  #word(): string {
    word.lastIndex = this.#at;
    const text = word.exec(this.#text)?.[0] ?? "";
    this.#at += text.length;
    return text;
  }

  #token(): Edn {
    const start = this.#at;
    const text = this.#word();
    if (text === "nil") return null;
    if (text === "true") return true;
    if (text === "false") return false;
    if (/^:[^:\s]/.test(text)) return new Keyword(text.slice(1));
    if (/^[+-]?\d/.test(text)) return number(text, start);
    if (text === "" || text.startsWith(":"))
      throw new EdnError(`"${this.#text.slice(start, start + 10)}" is no element`, start);
    return new Symbol(text);
  }
}

/** One element, and nothing after it. @throws EdnError */
export function readEdn(text: string): Edn {
  const reader = new EdnReader(text);
  const value = reader.read();
  if (reader.position < text.length) throw new EdnError("more than one element", reader.position);
  return value;
}

/** The text of an element, on one line. */
export function writeEdn(value: Edn): string {
  if (value === null) return "nil";
  if (typeof value === "string") return writeString(value);
  if (typeof value === "number") return writeNumber(value);
  if (typeof value === "boolean") return String(value);
  if (value instanceof Keyword) return `:${value.name}`;
  if (value instanceof Symbol) return value.name;
  if (value instanceof Tagged) return `#${value.tag} ${writeEdn(value.value)}`;
  if (value instanceof Set) return `#{${[...value].map(writeEdn).join(" ")}}`;
  if (value instanceof Map)
    return `{${[...value].map(([key, item]) => `${writeEdn(key)} ${writeEdn(item)}`).join(", ")}}`;
  return `[${value.map(writeEdn).join(" ")}]`;
}

function number(text: string, at: number): number {
  if (!/^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?[NM]?$/.test(text)) throw new EdnError(`"${text}" is no number`, at);
  const value = Number(text.replace(/[NM]$/, ""));
  if (/^[+-]?\d+N?$/.test(text) && !Number.isSafeInteger(value))
    throw new EdnError(`${text} is too large a number`, at);
  return value;
}

function writeNumber(value: number): string {
  if (Number.isNaN(value)) return "##NaN";
  if (!Number.isFinite(value)) return value > 0 ? "##Inf" : "##-Inf";
  if (Object.is(value, -0)) return "-0.0";
  // As an integer it would be taken for an exact one.
  const isExact = Number.isSafeInteger(value) || !Number.isInteger(value);
  return (isExact ? String(value) : value.toExponential()).replace("e+", "e");
}

function writeString(value: string): string {
  const escaped = value.replace(/["\\\n\t\r]/g, (char) => escapes[char as keyof typeof escapes]);
  return `"${escaped}"`;
}

function unescape(escape: string): string {
  if (escape.length === 5) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" }[escape] ?? escape;
}

const blank = /(?:[\s,]+|;[^\n]*)*/y;
const word = /[^\s,()[\]{}"\\;]*/y;
const quoted = /"(?:[^"\\]|\\[\s\S])*"/y;
const symbolic = { Inf: Number.POSITIVE_INFINITY, "-Inf": Number.NEGATIVE_INFINITY, NaN: Number.NaN };
const characters = { newline: "\n", space: " ", tab: "\t", return: "\r", backspace: "\b", formfeed: "\f" };
const escapes = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r" };
