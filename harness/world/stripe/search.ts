import { badRequest } from "./errors.ts";
import type { Intent } from "./intent.ts";

const CLAUSE =
  /^(?:metadata\[(["'])(?<name>(?:\\.|(?!\1).)*)\1\]|(?<field>status|currency|amount)):(?:(["'])(?<text>(?:\\.|(?!\4).)*)\4|(?<number>\d+))$/s;

/**
 * Reads a query of Stripe's search language, as far as a look-up needs it: `metadata['name']:'value'`, `status:'succeeded'`,
 * `currency:'usd'`, `amount:100`, joined by AND.
 * @throws a `StripeError` for what it does not know
 */
export function readQuery(query: string): (intent: Intent) => boolean {
  const clauses = splitClauses(query).map(readClause);
  return (intent) => clauses.every((clause) => clause(intent));
}

/** An AND inside of quotes joins nothing. */
function splitClauses(query: string): string[] {
  const parts = query.match(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?!\s+AND\s+)[^"'])+/gis) ?? [];
  return parts.map((part) => part.trim().replace(/^AND\s+/i, "")).filter((part) => part !== "");
}

function readClause(clause: string): (intent: Intent) => boolean {
  const groups = CLAUSE.exec(clause)?.groups;
  if (!groups)
    throw badRequest(
      `We were unable to parse your search query: ${clause}. This double of Stripe knows metadata, status, currency and amount, joined by AND.`,
      {
        param: "query",
      },
    );
  const { name, field, text, number } = groups;
  const wanted = text === undefined ? number : unescaped(text);
  if (name !== undefined) return ({ metadata }) => new Map(Object.entries(metadata)).get(unescaped(name)) === wanted;
  if (field === "status") return ({ status }) => status === wanted;
  if (field === "currency") return ({ currency }) => currency === wanted;
  return ({ amount }) => String(amount) === wanted;
}

const unescaped = (text: string): string => text.replace(/\\(.)/gs, "$1");
