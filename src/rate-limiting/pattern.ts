import type { Pattern } from "../shared/pattern.ts";
import { limiter } from "./limiter.ts";

export const rateLimiting: Pattern = {
  services: [limiter],
  examples: [
    "curl localhost:8080/limiter/mail/allow -H 'content-type: application/json' -d '{}'",
    `curl localhost:8080/limiter/mail/wait -H 'content-type: application/json' -d '{"permits": 3}'`,
    `curl localhost:8080/limiter/mail/setRate -H 'content-type: application/json' -d '{"ratePerSecond": 5, "burst": 20}'`,
  ],
  environment: {
    LIMITER_RATE: "permits per second of a limiter whose rate was never set (10)",
    LIMITER_BURST: "permits that it grants at once (10)",
  },
};
