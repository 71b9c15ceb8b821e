import { matchPath } from "../paths.ts";
import type { ExternalSystem, Happening, LedgerEntry, Reaction, RunningSystem, SystemRequest } from "../system.ts";
import { Account, referenceOf } from "./account.ts";
import { badRequest, StripeError } from "./errors.ts";
import { decodeForm, type Form } from "./form.ts";
import { StripeKeys } from "./keys.ts";
import { type Route, routes } from "./routes.ts";
import { API_VERSION } from "./version.ts";

export interface StripeSettings {
  /** milliseconds for which a delayed payment is `processing` (50) */
  settleAfterMs?: number;
  /** milliseconds for which Stripe is busy with a request, and answers 409 to another one with its idempotency key (0) */
  keyInUseMs?: number;
}

/** A double of Stripe's API of payment intents; README.md says what it covers. */
export const stripe = (settings: StripeSettings = {}): ExternalSystem => ({
  name: "stripe",
  start: () => new StripeDouble(settings),
});

class StripeDouble implements RunningSystem {
  readonly #account: Account;
  readonly #keys: StripeKeys;
  #requests = 0;

  constructor({ settleAfterMs = 50, keyInUseMs = 0 }: StripeSettings) {
    this.#account = new Account(settleAfterMs);
    this.#keys = new StripeKeys(keyInUseMs);
  }

  handle(request: SystemRequest, now: number): Reaction {
    const settled = this.advance(now);
    const requestId = `req_${++this.#requests}`;
    const { answer, entries, webhooks = [] } = this.#answer(request, requestId, now);
    const key = request.headers["idempotency-key"];
    const headers = {
      "request-id": requestId,
      "stripe-version": request.headers["stripe-version"] ?? API_VERSION,
      ...(key !== undefined && { "idempotency-key": key }),
      ...answer.headers,
    };
    return {
      answer: { ...answer, headers },
      entries: [...settled.entries, ...entries],
      webhooks: [...settled.webhooks, ...webhooks],
    };
  }

  advance(now: number): Required<Happening> {
    const { entries, webhooks } = this.#settle(now, (_, at) => at <= now);
    return { entries, webhooks };
  }

  dueAt(): number | undefined {
    return this.#account.intents.dueAt();
  }

  /** What is still being processed comes to its end. */
  lapse(referencePrefix: string): LedgerEntry[] {
    return this.#settle(this.dueAt() ?? 0, (intent) => (referenceOf(intent) ?? "").startsWith(referencePrefix)).entries;
  }

  #settle(now: number, isDue: Parameters<Account["intents"]["settle"]>[0]) {
    const books = this.#account.openBooks(now);
    this.#account.intents.settle(isDue, books);
    return books;
  }

  #answer(request: SystemRequest, requestId: string, now: number): Reaction {
    let found: { route: Route; id: string } | undefined;
    try {
      requireSecret(request.headers.authorization);
      requireVersion(request.headers["stripe-version"]);
      found = routeOf(request);
      const form = formOf(request);
      const run = found.route.read(form, found.id);
      const { id, route } = found;
      const begin = () => this.#run(run, request, { action: route.action, key: id, requestId, now });
      return request.method === "POST" ? this.#keys.answer({ request, form, requestId, now }, begin) : begin();
    } catch (error) {
      return refused(error, found?.route.action ?? request.method, found?.id || request.path);
    }
  }

  /** Does what was asked for. What it did stands, also when it is answered with an error. */
  #run(
    run: ReturnType<Route["read"]>,
    { headers }: SystemRequest,
    { action, key, requestId, now }: { action: string; key: string; requestId: string; now: number },
  ): Reaction {
    const books = this.#account.openBooks(now, { id: requestId, idempotency_key: headers["idempotency-key"] ?? null });
    const { entries, webhooks } = books;
    try {
      return { answer: { status: 200, body: JSON.stringify(run(this.#account, books)) }, entries, webhooks };
    } catch (error) {
      const refusal = refused(error, action, key);
      return { ...refusal, entries: entries.length > 0 ? entries : refusal.entries, webhooks };
    }
  }
}

/** @throws what is no error of Stripe's */
function refused(error: unknown, action: string, key: string): Reaction {
  if (!(error instanceof StripeError)) throw error;
  const { status, message, body } = error;
  // a failure of its own is stored under the key, so that another attempt would hear of it again
  const headers = status >= 500 ? { "stripe-should-retry": "false" } : {};
  return {
    answer: { status, body: JSON.stringify(body), headers },
    entries: [{ type: "refusal", system: "stripe", action, key, data: { status, message } }],
  };
}

function routeOf({ method, path }: SystemRequest): { route: Route; id: string } {
  for (const route of routes) {
    const params = route.method === method ? matchPath(route.segments, path) : undefined;
    if (params) return { route, id: params.id ?? "" };
  }
  const message = `Unrecognized request URL (${method}: ${path}). This double of Stripe does not cover it.`;
  throw new StripeError(404, "invalid_request_error", message);
}

/** POST carries its parameters in the body, GET in the query. */
function formOf({ method, headers, body, search }: SystemRequest): Form {
  if (method === "GET") return decodeForm(search);
  const contentType = headers["content-type"];
  if (body !== "" && !contentType?.startsWith("application/x-www-form-urlencoded"))
    throw badRequest(
      "Invalid request (check that your POST content type is application/x-www-form-urlencoded). " +
        "If you have questions, we can help at https://support.stripe.com/.",
    );
  return decodeForm(body);
}

/** Bearer or Basic, as Stripe takes it; any secret key of test mode will do. */
function requireSecret(authorization = ""): void {
  const [scheme, credentials = ""] = authorization.split(" ");
  const secret = scheme === "Basic" ? atob(credentials).split(":")[0] : credentials;
  if (!secret)
    throw new StripeError(
      401,
      "invalid_request_error",
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  if (!secret.startsWith("sk_test_"))
    throw new StripeError(401, "invalid_request_error", "Invalid API Key provided: it must begin with sk_test_");
}

function requireVersion(version = API_VERSION): void {
  if (/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(version)) return;
  throw badRequest(`Invalid Stripe API version: ${version}. You do not need to set this header.`);
}
