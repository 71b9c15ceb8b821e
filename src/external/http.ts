import { RetryableError } from "@restatedev/restate-sdk";
import type { z } from "zod";
import { externalSecret, externalUrl } from "../shared/configuration.ts";
import { encodeId } from "./encode-id.ts";

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

/** A request in the words of the external system's own API. */
export interface ExternalRequest {
  system: string;
  /** what is asked for, in messages: "reserve" */
  action: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** below the system's address; ids in it are written by `encodeId` */
  path: string;
  headers?: Record<string, string>;
  /** sent as JSON */
  json?: unknown;
  /** sent as it is; `headers` say what it is */
  text?: string;
}

/** Statuses that speak of the moment and not of the request. */
export const isTransient = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status);

/**
 * Sends a request to an external system and reads its answer, which is JSON of the form `Answer`.
 * Throws a `Refusal` when it declines, and another error when it fails or does not answer: then it may have done what it was
 * asked for, and the request is to be repeated with the same key; not before the time that the system named, if it did.
 */
export async function request<T>(outgoing: ExternalRequest, Answer: z.ZodType<T>): Promise<T> {
  const {
    system,
    action,
    method,
    path,
    headers,
    json,
    text = json === undefined ? null : JSON.stringify(json),
  } = outgoing;
  const response = await fetch(externalUrl(system) + path, {
    method,
    headers: { ...(json !== undefined && { "content-type": "application/json" }), ...headers },
    body: text,
  });
  const answer = await response.text();
  if (response.ok) return Answer.parse(JSON.parse(answer));
  const { status } = response;
  if (!isTransient(status)) throw new Refusal(system, action, status, answer);
  throw failureToRetry(`${system} failed to ${action}: ${status} ${answer}`, response.headers.get("retry-after"));
}

/** What to throw inside `ctx.run` for it to be repeated: not before the time that the system named, if it did. */
export function failureToRetry(message: string, retryAfter: string | null): Error {
  const milliseconds = millisecondsOf(retryAfter);
  // without a time of its own the error leaves the waiting to the policy of `ctx.run`
  return milliseconds === undefined ? new Error(message) : new RetryableError(message, { retryAfter: milliseconds });
}

/** `Retry-After` gives seconds or a date. */
function millisecondsOf(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined;
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** The idempotency key, for systems that expect it in this header. */
export const keyHeader = (key: string) => ({ "idempotency-key": encodeId(key) });

export const bearer = (system: string) => ({ authorization: `Bearer ${externalSecret(system)}` });
