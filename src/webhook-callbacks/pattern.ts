import { scheduledTasks } from "../scheduled-tasks/pattern.ts";
import { paymentTracker } from "../scheduled-tasks/payment-tracker.ts";
import { webhookSettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { webhookCallbackRouter } from "./router.ts";

const body = `{"id": "evt_1", "type": "invoice.payment_failed", "data": {"object": {"id": "in_1"}}}`;
const signature = `t=$(date +%s); printf "t=$t,v1="; printf %s "$t.$body" | openssl dgst -sha256 -hmac whsec_stormproof | sed 's/.* //'`;

export const webhookCallbacks: Pattern = {
  services: [webhookCallbackRouter, paymentTracker],
  examples: [
    `body='${body}'; curl localhost:8080/webhookCallbackRouter/onStripeEvent -H "stripe-signature: $(${signature})" -H 'content-type: application/json' -d "$body"`,
  ],
  external: scheduledTasks.external ?? [],
  environment: {
    ...webhookSettings,
    ...scheduledTasks.environment,
  },
};
