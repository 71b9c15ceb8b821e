import type { Json } from "../../plan/index.ts";

export type ErrorType = "api_error" | "card_error" | "idempotency_error" | "invalid_request_error";

/** What stands in the body of an answer beside its type and message, e.g. `code`, `param`, `payment_intent`. */
type Details = Record<string, Json>;

/** An error as Stripe answers it: `{"error": {type, message, code?, param?, ...}}` with its status. */
export class StripeError extends Error {
  readonly status: number;
  readonly type: ErrorType;
  readonly details: Details;

  constructor(status: number, type: ErrorType, message: string, details: Details = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.details = details;
  }

  get body(): Json {
    return { error: { ...this.details, message: this.message, type: this.type } };
  }
}

export const badRequest = (message: string, details: Details = {}): StripeError =>
  new StripeError(400, "invalid_request_error", message, details);

export const missing = (what: string, id: string, param: string): StripeError =>
  new StripeError(404, "invalid_request_error", `No such ${what}: '${id}'`, { code: "resource_missing", param });
