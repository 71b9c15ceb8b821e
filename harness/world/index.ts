export { type Authentication, apiKey, basic, bearer, SECRET } from "./authentication.ts";
export { type BodyReader, json, text } from "./body.ts";
export { LARGEST_SUM } from "./calculator.ts";
export { after, type Call, type Fact } from "./call.ts";
export { NO_CARS_LOCATION, OVERBOOKED_LOCATION } from "./cars.ts";
export { type DeclaredSystem, externalSystem } from "./external-system.ts";
export { OVERBOOKED_FLIGHT, SOLD_OUT_FLIGHT } from "./flights.ts";
export { inBody, inHeader, inPath, type KeyRule } from "./idempotency.ts";
export { UNKNOWN_ADDRESS } from "./mail.ts";
export { PONDERED_POST, REJECTED_POST } from "./moderation.ts";
export { NO_QUOTA } from "./object-storage.ts";
export { DECLINED_CARD } from "./payment-provider.ts";
export {
  API_VERSION,
  type Delivery,
  FAILS_AFTER_CHARGE,
  FAILS_BEFORE_CHARGE,
  FORGERIES,
  type Forgery,
  forgedDelivery,
  INVOICE_EVENTS,
  invoiceObject,
  PAYMENT_INTENT_EVENTS,
  type StripeSettings,
  signedDelivery,
  stripe,
  stripeEvent,
} from "./stripe/index.ts";
export type { ExternalSystem, Happening, LedgerEntry, Reaction, RunningSystem, SystemRequest } from "./system.ts";
export { systems, systemsWith } from "./systems.ts";
export type { Webhook } from "./webhook.ts";
export { IMPOSSIBLE_TASK } from "./workshop.ts";
export { World } from "./world.ts";
