export { INVOICE_EVENTS, PAYMENT_INTENT_EVENTS, stripeEvent } from "./events.ts";
export { invoiceObject } from "./invoices.ts";
export { FAILS_AFTER_CHARGE, FAILS_BEFORE_CHARGE } from "./payment-methods.ts";
export { type Delivery, FORGERIES, type Forgery, forgedDelivery, signedDelivery } from "./signature.ts";
export { type StripeSettings, stripe } from "./stripe.ts";
export { API_VERSION } from "./version.ts";
