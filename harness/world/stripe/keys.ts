import type { Reaction, SystemRequest } from "../system.ts";
import { badRequest, StripeError } from "./errors.ts";
import { canonicalForm, type Form } from "./form.ts";

/** A request that may carry an idempotency key. */
export interface KeyedRequest {
  request: SystemRequest;
  form: Form;
  requestId: string;
  /** milliseconds */
  now: number;
}

interface Known {
  path: string;
  form: string;
  reaction: Reaction;
  requestId: string;
  busyUntil: number;
}

/**
 * Stripe's idempotency keys: what was begun under a key is answered for ever as it was the first time, failures of Stripe
 * itself included. Only what was not begun, because its parameters were wrong or its key was in use, may be tried again.
 */
export class StripeKeys {
  readonly #known = new Map<string, Known>();
  readonly #keyInUseMs: number;

  constructor(keyInUseMs: number) {
    this.#keyInUseMs = keyInUseMs;
  }

  /** @throws a `StripeError` for a key that is in use, or comes back with another request */
  answer({ request, form: parameters, requestId, now }: KeyedRequest, handle: () => Reaction): Reaction {
    const key = request.headers["idempotency-key"];
    if (key === undefined) return handle();
    if (key === "" || key.length > 255)
      throw badRequest("Idempotency keys have between 1 and 255 characters.", { code: "idempotency_key_invalid" });
    const form = JSON.stringify(canonicalForm(parameters));
    const known = this.#known.get(key);
    if (known) return replay(key, known, request.path, form, now);
    const reaction = handle();
    this.#known.set(key, { path: request.path, form, reaction, requestId, busyUntil: now + this.#keyInUseMs });
    return reaction;
  }
}

function replay(key: string, known: Known, path: string, form: string, now: number): Reaction {
  const { answer, entries } = known.reaction;
  if (now < known.busyUntil)
    throw new StripeError(
      409,
      "idempotency_error",
      `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
      { code: "idempotency_key_in_use" },
    );
  const advice = `Try using a key other than '${key}' if you meant to execute a different request.`;
  if (known.path !== path)
    throw new StripeError(
      400,
      "idempotency_error",
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs '${known.path}'). ${advice}`,
    );
  if (known.form !== form)
    throw new StripeError(
      400,
      "idempotency_error",
      `Keys for idempotent requests can only be used with the same parameters they were first used with. ${advice}`,
    );
  const own = entries.at(-1);
  const headers = { ...answer.headers, "idempotent-replayed": "true", "original-request": known.requestId };
  return { answer: { ...answer, headers }, entries: own ? [{ ...own, type: "repeat" }] : [] };
}
