import fc from "fast-check";
import { z } from "zod";
import type { OperationRecord } from "../history/index.ts";
import type { Json, Request } from "../plan/index.ts";
import { FORGERIES, forgedDelivery, signedDelivery, stripeEvent, type Webhook } from "../world/index.ts";
import { delivery } from "./delivery.ts";
import { type Kind, operation } from "./kind.ts";

/** Who takes events of Stripe. */
export interface StripeReceiver<Result> {
  /** the handler, as "service/handler" */
  call: string;
  /** with which Stripe signs */
  secret: string;
  /** how old a signature may be, in seconds; 300 when absent, as with Stripe's own client */
  tolerance?: number;
  /** the types that mean something to it: those that are forged */
  types: readonly [string, ...string[]];
  /** how an event is acknowledged */
  answer: z.ZodType<Result>;
}

type Redelivery = { back: number; age: number; secrets: string[] };
type ForgedEvent = { forgery: (typeof FORGERIES)[number]; type: string; back: number };

/** What a forged event is answered with: the refusal is what its forger deserves. */
export const REFUSED_FORGERY = "refused";
const BAD_REQUEST = 400;
const seconds = (now: number): number => Math.floor(now / 1000);

/** The kinds of operation by which events of Stripe reach a service, whoever makes them. `back` counts from what was told last. */
export function stripeDeliveries<Result>({ call, secret, tolerance = 300, types, answer }: StripeReceiver<Result>) {
  const back = fc.nat(4);
  const signed = (event: Json, now: number, { age = 0, secrets = [secret] } = {}): Request => ({
    call,
    ...signedDelivery(event, secrets, seconds(now) - age),
  });

  /** What Stripe tells by itself. */
  const webhook: Kind<Webhook, Result> = delivery({ answer, request: ({ content }, { now }) => signed(content, now) });

  /** Something that was told, once more: late, out of order, just before it is stale, while the secret is rolled. */
  const redeliver: Kind<Redelivery, Result> = operation({
    answer,
    args: fc.record({
      back,
      age: fc.constantFrom(0, tolerance),
      secrets: fc.constantFrom<string[][]>([secret], ["whsec_old", secret], [secret, "whsec_new"]),
    }),
    request: ({ back, ...how }: Redelivery, { now, webhooks }) => signed(told(webhooks, back), now, how),
    failsWith: ({ args: { age } }) => (age > 0 ? [BAD_REQUEST] : []),
  });

  /** What Stripe has not told, about something of which it has. */
  const forge: Kind<ForgedEvent, Json> = operation({
    args: fc.record({ forgery: fc.constantFrom(...FORGERIES), type: fc.constantFrom(...types), back }),
    request({ forgery, type, back }: ForgedEvent, { now, webhooks }) {
      const genuine = { secret, told: told(webhooks, back), timestamp: seconds(now) };
      return { call, ...forgedDelivery(forgery, about(type, subjectOf(genuine.told)), genuine) };
    },
    answerOf: ({ code }) => (code === BAD_REQUEST ? REFUSED_FORGERY : undefined),
    interruptions: false,
  });

  return { signed, webhook, redeliver, forge };
}

/** An event that is none of the account's. */
const about = (type: string, object: Json) => stripeEvent({ id: "evt_0", type, object, created: 0 });

/** What was told, from the latest on backwards; where there is nothing yet, something that nobody waits for. */
function told(webhooks: readonly Webhook[], back: number): Json {
  return webhooks.at(-1 - (back % (webhooks.length || 1)))?.content ?? about("customer.created", {});
}

const Subject = z.object({ type: z.string(), data: z.object({ object: z.record(z.string(), z.json()) }) });

/** The resource that an event is about. */
export const subjectOf = (event: Json): Record<string, Json> => Subject.parse(event).data.object;

/** The type of the event that an operation delivers, and the resource that it is about. */
export function eventIn({ request }: OperationRecord<unknown, unknown>): {
  type: string;
  object: Record<string, Json>;
} {
  const { type, data } = Subject.parse(JSON.parse(request?.body ?? ""));
  return { type, object: data.object };
}
