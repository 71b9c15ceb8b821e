import type { Json } from "../../plan/index.ts";
import type { Happening, LedgerEntry } from "../system.ts";
import type { Webhook } from "../webhook.ts";
import { missing } from "./errors.ts";
import { stripeEvent } from "./events.ts";
import { type Intent, intentObject } from "./intent.ts";
import { type Books, PaymentIntents } from "./payment-intents.ts";

export type StripeEvent = { [name: string]: Json };
/** The request that causes an event. */
export interface Cause {
  id: string;
  idempotency_key: string | null;
}

/** All that Stripe knows of one account: its payment intents, and the events about them. */
export class Account {
  readonly intents: PaymentIntents;
  readonly #events: StripeEvent[] = [];

  constructor(settleAfterMs: number) {
    this.intents = new PaymentIntents(settleAfterMs);
  }

  /** In the order in which they happened. */
  events(): readonly StripeEvent[] {
    return this.#events;
  }

  getEvent(id: string): StripeEvent {
    const event = this.#events.find((one) => one.id === id);
    if (!event) throw missing("event", id, "id");
    return event;
  }

  /** Books for what happens at a time, because of a request or by itself. */
  openBooks(now: number, cause?: Cause): Books & Required<Happening> {
    const entries: LedgerEntry[] = [];
    const webhooks: Webhook[] = [];
    return {
      now,
      entries,
      webhooks,
      note: (type, action, intent, data = {}) => {
        entries.push({ type, action, ...subjectOf(intent), data: { ...summaryOf(intent), ...data } });
      },
      event: (type, intent) => {
        const id = `evt_${this.#events.length + 1}`;
        const created = Math.floor(now / 1000);
        const object = intentObject(intent);
        const event = stripeEvent({ id, type, object, created, ...(cause && { request: cause }) });
        this.#events.push(event);
        const { key: about, ...subject } = subjectOf(intent);
        webhooks.push({ ...subject, id, type, about, content: event });
      },
    };
  }
}

/** What an intent belongs to is what its metadata name as their reference. */
export const referenceOf = ({ metadata }: Pick<Intent, "metadata">): string | undefined =>
  new Map(Object.entries(metadata)).get("reference");

function subjectOf(intent: Intent): { system: string; key: string; reference?: string } {
  const reference = referenceOf(intent);
  return { system: "stripe", key: intent.id, ...(reference !== undefined && { reference }) };
}

/** For the ledger: what was asked for, and the state in which the intent is left. */
const summaryOf = (intent: Intent): Record<string, Json> => ({
  state: intent.status,
  amount: intent.amount,
  currency: intent.currency,
  paymentMethod: intent.paymentMethod,
  metadata: intent.metadata,
  amountReceived: intent.amountReceived,
  amountRefunded: intent.amountRefunded,
});
