import { retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { paymentTracker } from "./payment-tracker.ts";

export const scheduledTasks: Pattern = {
  services: [paymentTracker],
  examples: [
    `curl localhost:8080/paymentTracker/in_1/onPaymentFailure -H 'content-type: application/json' -d '{"id": "evt_1", "type": "invoice.payment_failed", "data": {"object": {"id": "in_1", "customer_email": "anna@example.com"}}}'`,
    `curl localhost:8080/paymentTracker/in_1/onPaymentSuccess -H 'content-type: application/json' -d '{"id": "evt_2", "type": "invoice.payment_succeeded", "data": {"object": {"id": "in_1"}}}'`,
  ],
  external: ["mail", "alerts"],
  environment: {
    REMINDER_INTERVAL: "milliseconds from one reminder to the next, and from the last to the escalation (86400000)",
    BILLING_ADDRESS: "who is reminded of a customer without an address (billing@localhost)",
    ...retrySettings,
  },
};
