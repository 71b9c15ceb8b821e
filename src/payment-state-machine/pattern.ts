import type { Pattern } from "../shared/pattern.ts";
import { accounts } from "./accounts.ts";
import { payments } from "./payments.ts";

export const paymentStateMachine: Pattern = {
  services: [accounts, payments],
  environment: {
    OPENING_BALANCE: "cents on an account that was never used (0)",
    TOKEN_EXPIRY: "milliseconds after which a payment id is forgotten (3600000)",
  },
};
