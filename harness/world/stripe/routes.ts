import type { Json } from "../../plan/index.ts";
import type { Account } from "./account.ts";
import { badRequest } from "./errors.ts";
import type { Form } from "./form.ts";
import { intentObject } from "./intent.ts";
import { boolean, group, integer, list, metadata, oneOf, readParameters, required, text } from "./parameters.ts";
import type { Books } from "./payment-intents.ts";
import { refundObject } from "./refund.ts";
import { listObject, searchResult } from "./resources.ts";
import { readQuery } from "./search.ts";

export interface Route {
  method: "GET" | "POST";
  /** split at its slashes */
  segments: string[];
  /** what the ledger calls it */
  action: string;
  /** Reads the parameters, and says what to do: a request whose parameters are wrong is not begun. */
  read(form: Form, id: string): (account: Account, books: Books) => Json;
}

const route = (target: `${Route["method"]} /${string}`, action: string, read: Route["read"]): Route => {
  const [method, path = ""] = target.split(" ");
  return { method: method === "GET" ? "GET" : "POST", segments: path.split("/"), action, read };
};

const currency = required(text);
const page = { limit: integer, starting_after: text, ending_before: text };
const created = group({ gt: integer, gte: integer, lt: integer, lte: integer });

/** The first route that fits counts. */
export const routes: readonly Route[] = [
  route("POST /v1/payment_intents", "create", (form) => {
    const wanted = readParameters(form, {
      amount: required(integer),
      currency,
      allowed_payment_method_types: list,
      automatic_payment_methods: group({ enabled: required(boolean), allow_redirects: oneOf("always", "never") }),
      capture_method: oneOf("automatic", "automatic_async"),
      confirm: boolean,
      confirmation_method: oneOf("automatic", "manual"),
      description: text,
      error_on_requires_action: boolean,
      metadata,
      off_session: boolean,
      payment_method: text,
      payment_method_types: list,
      receipt_email: text,
      return_url: text,
      use_stripe_sdk: boolean,
    });
    requireAmount(wanted.amount, wanted.currency);
    const { confirm = false, automatic_payment_methods: automatic } = wanted;
    if (automatic && wanted.payment_method_types)
      throw badRequest(
        "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
      );
    if (wanted.return_url !== undefined && !confirm)
      throw badRequest("`return_url` can only be provided when `confirm` is set to true.", { param: "return_url" });
    return ({ intents }, books) =>
      intentObject(
        intents.create(
          {
            amount: wanted.amount,
            currency: wanted.currency.toLowerCase(),
            metadata: wanted.metadata,
            description: wanted.description,
            paymentMethod: wanted.payment_method,
            allowedTypes: wanted.allowed_payment_method_types,
            paymentMethodTypes: automatic?.enabled === false ? ["card"] : wanted.payment_method_types,
            captureMethod: wanted.capture_method,
            confirmationMethod: wanted.confirmation_method,
            allowRedirects: automatic?.allow_redirects ?? "always",
            confirm,
            returnUrl: wanted.return_url,
          },
          books,
        ),
      );
  }),
  route("GET /v1/payment_intents", "list", (form) => {
    const wanted = readParameters(form, { ...page, created });
    const { gt = -1, gte = 0, lt = Infinity, lte = Infinity } = wanted.created ?? {};
    return ({ intents }) => {
      const found = intents
        .all()
        .filter(({ created: at }) => at > gt && at >= gte && at < lt && at <= lte)
        .map(intentObject);
      return pageOf("/v1/payment_intents", found.reverse(), wanted);
    };
  }),
  route("GET /v1/payment_intents/search", "search", (form) => {
    const {
      query,
      limit = 10,
      page: after,
    } = readParameters(form, { query: required(text), limit: integer, page: text });
    const matches = readQuery(query);
    requireLimit(limit);
    return ({ intents }) => searchResult(intents.all().filter(matches).map(intentObject).reverse(), limit, after);
  }),
  route("GET /v1/payment_intents/:id", "retrieve", (form, id) => {
    readParameters(form, { client_secret: text });
    return ({ intents }) => intentObject(intents.get(id));
  }),
  route("POST /v1/payment_intents/:id/confirm", "confirm", (form, id) => {
    const wanted = readParameters(form, {
      error_on_requires_action: boolean,
      off_session: boolean,
      payment_method: text,
      receipt_email: text,
      return_url: text,
      use_stripe_sdk: boolean,
    });
    return ({ intents }, books) =>
      intentObject(intents.confirm(id, { paymentMethod: wanted.payment_method, returnUrl: wanted.return_url }, books));
  }),
  route("POST /v1/payment_intents/:id/cancel", "cancel", (form, id) => {
    const { cancellation_reason: reason } = readParameters(form, {
      cancellation_reason: oneOf("abandoned", "duplicate", "fraudulent", "requested_by_customer"),
    });
    return ({ intents }, books) => intentObject(intents.cancel(id, reason, books));
  }),
  route("POST /v1/refunds", "refund", (form) => {
    const wanted = readParameters(form, {
      amount: integer,
      metadata,
      payment_intent: required(text),
      reason: oneOf("duplicate", "fraudulent", "requested_by_customer"),
    });
    return ({ intents }, books) => refundObject(intents.refund(wanted.payment_intent, wanted, books));
  }),
  route("GET /v1/refunds", "list refunds", (form) => {
    const wanted = readParameters(form, { ...page, payment_intent: text });
    return ({ intents }) => {
      const found = intents
        .refunds()
        .filter(({ intent }) => wanted.payment_intent === undefined || intent === wanted.payment_intent);
      return pageOf("/v1/refunds", found.map(refundObject).reverse(), wanted);
    };
  }),
  route("GET /v1/refunds/:id", "retrieve a refund", (form, id) => {
    readParameters(form, {});
    return ({ intents }) => refundObject(intents.getRefund(id));
  }),
  route("GET /v1/events", "list events", (form) => {
    const wanted = readParameters(form, { ...page, type: text, types: list });
    const types = wanted.types ?? (wanted.type === undefined ? undefined : [wanted.type]);
    return (account) => {
      const found = account.events().filter(({ type }) => types === undefined || types.includes(String(type)));
      return pageOf("/v1/events", found.toReversed(), wanted);
    };
  }),
  route("GET /v1/events/:id", "retrieve an event", (form, id) => {
    readParameters(form, {});
    return (account) => account.getEvent(id);
  }),
];

function requireAmount(amount: number, code: string): void {
  if (!/^[a-z]{3}$/i.test(code)) throw badRequest(`Invalid currency: ${code}`, { param: "currency" });
  if (amount < 1)
    throw badRequest("This value must be greater than or equal to 1.", {
      code: "parameter_invalid_integer",
      param: "amount",
    });
  if (amount > 99_999_999)
    throw badRequest("Amount must be no more than $999,999.99", { code: "amount_too_large", param: "amount" });
  if (code.toLowerCase() === "usd" && amount < 50)
    throw badRequest("Amount must be at least $0.50 usd", { code: "amount_too_small", param: "amount" });
}

function requireLimit(limit: number): void {
  if (limit < 1 || limit > 100)
    throw badRequest("The limit must be between 1 and 100", { code: "parameter_invalid_integer", param: "limit" });
}

/** The newest first, as all lists of Stripe are. */
function pageOf(
  url: string,
  all: { [name: string]: Json }[],
  wanted: { limit: number | undefined; starting_after: string | undefined; ending_before: string | undefined },
): Json {
  const { limit = 10, starting_after: after, ending_before: before } = wanted;
  requireLimit(limit);
  const placeOf = (id: string) => {
    const place = all.findIndex((one) => one.id === id);
    if (place === -1)
      throw badRequest(`No such object: '${id}'`, { code: "resource_missing", param: "starting_after" });
    return place;
  };
  if (before !== undefined) {
    const end = placeOf(before);
    const begin = Math.max(0, end - limit);
    return listObject(url, all.slice(begin, end), begin > 0);
  }
  const begin = after === undefined ? 0 : placeOf(after) + 1;
  return listObject(url, all.slice(begin, begin + limit), all.length > begin + limit);
}
