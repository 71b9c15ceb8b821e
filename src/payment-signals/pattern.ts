import { retrySettings, webhookSettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { stripePayments } from "./payments.ts";

export const paymentSignals: Pattern = {
  services: [stripePayments],
  examples: [
    `curl localhost:8080/stripePayments/processPayment -H 'content-type: application/json' -d '{"paymentMethodId": "pm_card_visa", "amount": 1500}'`,
    `curl localhost:8080/stripePayments/processPayment -H 'content-type: application/json' -d '{"paymentMethodId": "pm_card_visa", "amount": 1500, "delayedStatus": true}'`,
  ],
  external: ["stripe"],
  environment: { ...retrySettings, ...webhookSettings },
};
