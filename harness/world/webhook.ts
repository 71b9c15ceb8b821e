import type { Json } from "../plan/index.ts";

/**
 * Something that an external system tells by itself. It is plain data: who delivers it makes a request of it, as often and
 * whenever a plan wants, with a function of the system (Stripe: `signedDelivery`).
 */
export interface Webhook {
  system: string;
  /** the same in all of its deliveries, e.g. "evt_1" */
  id: string;
  /** what it tells, e.g. "payment_intent.succeeded" */
  type: string;
  /** the thing that it is about, as in the ledger */
  about: string;
  /** what that thing belongs to, as in the ledger */
  reference?: string;
  /** what is told, before it is put into the form of a request */
  content: Json;
}
