import type { z } from "zod";
import { externalUrl } from "../shared/configuration.ts";

/** What goes along with a call that changes something, beside its content. */
export interface Tag {
  /** the idempotency key: calls with the same key change something once, and are all answered alike */
  key: string;
  /** what the change belongs to, for the books of the external system: the workflow's or object's key */
  reference: string;
}

/** The external system declined: asking again, in the same way, is of no use. */
export class Refusal extends Error {
  override name = "Refusal";
  /** the HTTP status, 400 to 499 */
  readonly status: number;

  constructor(system: string, action: string, status: number, reason: string) {
    super(`${system} refused to ${action}: ${reason}`);
    this.status = status;
  }
}

/** Statuses below 500 that speak of the moment and not of the request. */
const TRANSIENT = new Set([408, 425, 429]);

/**
 * Asks an external system to change something: `POST <address of the system>/<action>`.
 * Throws a `Refusal` when it declines, and another error when it fails or does not answer: then it may have done it,
 * and the call is to be repeated with the same key.
 */
export async function change<T>(
  system: string,
  action: string,
  content: Record<string, unknown>,
  { key, reference }: Tag,
  Answer: z.ZodType<T>,
): Promise<T> {
  const response = await fetch(`${externalUrl(system)}/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify({ ...content, reference }),
  });
  const text = await response.text();
  if (response.ok) return Answer.parse(JSON.parse(text));
  if (response.status < 500 && !TRANSIENT.has(response.status)) {
    throw new Refusal(system, action, response.status, text);
  }
  throw new Error(`${system} failed to ${action}: ${response.status} ${text}`);
}
