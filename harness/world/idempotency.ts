import { decodeId } from "./ids.ts";
import type { Reaction, SystemRequest } from "./system.ts";

/** Where a request carries its idempotency key. */
export interface KeyRule {
  /** for messages, and to tell the keys of one place from those of another */
  readonly where: string;
  /** the key of a request; undefined when it has none, which makes it a new call each time */
  read(request: KeyedRequest): string | undefined;
}
/** What a key is read from: the request and the parameters of its path. */
export type KeyedRequest = Pick<SystemRequest, "headers" | "body" | "method" | "path" | "query"> & {
  params: Readonly<Record<string, string>>;
};

/** The key stands in a header, percent-encoded where a header cannot carry it as it is. */
export const inHeader = (name: string): KeyRule => ({
  where: `header ${name}`,
  read: ({ headers }) => {
    const text = headers[name];
    return text === undefined ? undefined : (decodeId(text) ?? text);
  },
});

/** The key is a parameter of the path: `PUT /messages/:key`. */
export const inPath = (name: string): KeyRule => ({ where: `path ${name}`, read: ({ params }) => params[name] });

/** The key is a field of the JSON body. */
export const inBody = (name: string): KeyRule => ({
  where: `body ${name}`,
  read: ({ body }) => {
    const value = fieldOf(parsed(body), name);
    return typeof value === "string" && value !== "" ? value : undefined;
  },
});

/**
 * The memory that makes repeated requests harmless. A request whose key was seen before is answered as the first one was,
 * for ever, refusals included, and changes nothing; also when the first answer has not arrived yet, since an effect and
 * its answer come into being together. A key that comes back with another request is refused. Only what asks for another
 * attempt (408, 425, 429, 5xx) is not remembered.
 */
export class IdempotencyMemory {
  readonly #known = new Map<string, { request: string; reaction: Reaction }>();

  /**
   * @param handle makes the first answer
   * @param refuse makes the answer to a key that was used for another request
   */
  answer(rule: KeyRule, request: KeyedRequest, handle: () => Reaction, refuse: (key: string) => Reaction): Reaction {
    const key = rule.read(request);
    if (key === undefined) return handle();
    const name = JSON.stringify([rule.where, key]);
    const text = canonicalRequest(request);
    const known = this.#known.get(name);
    if (!known) {
      const reaction = handle();
      if (!isTransient(reaction.answer.status)) this.#known.set(name, { request: text, reaction });
      return reaction;
    }
    if (known.request !== text) return refuse(key);
    return { answer: known.reaction.answer, entries: repeated(known.reaction) };
  }
}

/** What a system says of the moment, and not of the request: it asks for another attempt, which must not hear it again. */
const isTransient = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status);

/** A retry in other words is a retry: the order of the fields of a JSON object does not matter. */
function canonicalRequest({ method, path, query, headers, body }: KeyedRequest): string {
  const isJson = /json/i.test(headers["content-type"] ?? "");
  return JSON.stringify([method, path, sorted(query), isJson ? sorted(parsed(body)) : body]);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return ["object", ...fields.map(([name, field]) => [name, sorted(field)])];
}

/** The JSON of a body; the text itself when it is none. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}

/** The last entry is the call's own; those before it are what time had done by then. */
function repeated({ entries }: Reaction): Reaction["entries"] {
  const own = entries.at(-1);
  return own ? [{ ...own, type: "repeat" }] : [];
}
