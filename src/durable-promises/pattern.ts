import { ingressSetting } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { front } from "./front.ts";
import { durablePromiseServer, promises } from "./services.ts";

export const durablePromises: Pattern = {
  services: [promises, durablePromiseServer],
  examples: [
    "curl localhost:5050/promises/answer/resolve -H 'content-type: application/json' -d '42'",
    "curl localhost:5050/promises/answer",
    "curl localhost:5050/promises/answer/result",
  ],
  app: front,
  appPath: "/promises",
  environment: ingressSetting,
};
