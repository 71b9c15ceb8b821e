import type { Json } from "../plan/index.ts";

/**
 * A tag takes the place of the sign `@` in the ids of a plan, so that cases that share a stack never meet. It is long
 * enough not to occur by chance, and it is translated back wherever a text leaves the stack.
 */
export type Tag = string;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
export const TAG_PATTERN = /sp[a-z0-9]{12}-/;

/** @param random where the characters come from, in [0, 1) */
export function makeTag(random: () => number): Tag {
  let text = "sp";
  for (let i = 0; i < 12; i++) text += ALPHABET[Math.floor(random() * ALPHABET.length)];
  return `${text}-`;
}

/** Whether an invocation is the case's by what it was called with. A scheduled one of a service shows in no other way. */
export const isOf = ({ key, idempotencyKey }: { key?: string; idempotencyKey?: string }, tag: Tag): boolean =>
  key?.startsWith(tag) === true || idempotencyKey?.startsWith(tag) === true;

/** The text as the stack sees it: a sign at the start of a text or of a path segment is an id of the case. */
export const tagged = (text: string, tag: Tag): string =>
  text.includes("@") ? text.replace(/(^|\/)@/g, `$1${tag}`) : text;

/** The text as the plan writes it. */
export const untagged = (text: string, tag: Tag): string => (text.includes(tag) ? text.replaceAll(tag, "@") : text);

/** A value with the texts in it translated by `tagged`, names of fields included. */
export const taggedJson = (value: Json, tag: Tag): Json => translated(value, (text) => tagged(text, tag));

/** A value of plain data with the texts in it translated by `untagged`, names of fields included. */
export const untaggedJson = <T>(value: T, tag: Tag): T => translated(value as Json, (text) => untagged(text, tag)) as T;

function translated(value: Json, translate: (text: string) => string): Json {
  if (typeof value === "string") return translate(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item) => translated(item, translate));
  const copy: { [name: string]: Json } = {};
  for (const [name, item] of Object.entries(value)) put(copy, translate(name), translated(item, translate));
  return copy;
}

/** Sets a field, whatever its name: an assignment to one called __proto__ would do something else. */
function put(object: { [name: string]: Json }, name: string, value: Json): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
