import type { Pattern } from "../shared/pattern.ts";
import { accounts } from "./accounts.ts";
import { payments } from "./payments.ts";

export const paymentStateMachine: Pattern = {
  services: [accounts, payments],
  examples: [
    "curl localhost:8080/accounts/anna/deposit -H 'content-type: application/json' -d '20000'",
    `curl localhost:8080/payments/p1/makePayment -H 'content-type: application/json' -d '{"accountId": "anna", "amount": 1500}'`,
    "curl localhost:8080/payments/p1/cancelPayment -X POST",
    "curl localhost:8080/accounts/anna/balance -X POST",
  ],
  environment: {
    OPENING_BALANCE: "cents on an account that was never used (0)",
    TOKEN_EXPIRY: "milliseconds after which a payment id is forgotten (3600000)",
  },
};
