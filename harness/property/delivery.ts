import fc from "fast-check";
import type { Webhook } from "../world/index.ts";
import { KindDefinition, type KindOptions } from "./definition.ts";
import { type Kind, kindOf } from "./kind.ts";

/** What a property says of how webhooks reach the services. */
export type DeliveryOptions<Result> = Pick<
  KindOptions<Webhook, Result>,
  "request" | "answer" | "answerOf" | "failsWith"
>;

/** The definition of the kind whose operations are made by the external systems, never by a client. */
export class DeliveryDefinition<Result> extends KindDefinition<Webhook, Result> {
  constructor(options: DeliveryOptions<Result>) {
    super({ ...options, args: NONE, interruptions: false, accompanies: true });
  }
}

const NONE: fc.Arbitrary<Webhook> = fc.constant({ system: "", id: "", type: "", about: "", content: null });

/**
 * Declares how what external systems tell by themselves reaches the services. A property has at most one such kind. Each
 * webhook is delivered at once, by the system that has something to tell, and again until it is accepted; faults withhold
 * and repeat it. A plan names the moments by `at.webhook("o1", 1)`.
 *
 *     const webhook = delivery({
 *       request: ({ content }, { now }) => ({ call: "payments/processWebhook", ...signed(content, now) }),
 *     });
 */
export const delivery = <Result>(options: DeliveryOptions<Result>): Kind<Webhook, Result> =>
  kindOf(new DeliveryDefinition(options));
