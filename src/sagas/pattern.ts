import { retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { bookingWorkflow } from "./booking.ts";

export const sagas: Pattern = {
  services: [bookingWorkflow],
  external: ["flights", "cars", "payment-provider"],
  environment: retrySettings,
};
