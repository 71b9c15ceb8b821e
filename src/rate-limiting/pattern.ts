import type { Pattern } from "../shared/pattern.ts";
import { limiter } from "./limiter.ts";

export const rateLimiting: Pattern = {
  services: [limiter],
  environment: {
    LIMITER_RATE: "permits per second of a limiter whose rate was never set (10)",
    LIMITER_BURST: "permits that it grants at once (10)",
  },
};
