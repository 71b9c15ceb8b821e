import { retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { worker } from "./worker.ts";

export const parallelWork: Pattern = {
  services: [worker],
  examples: [
    `curl localhost:8080/worker/run -H 'content-type: application/json' -d '{"description": "sand, paint, dry"}'`,
  ],
  external: ["workshop"],
  environment: retrySettings,
};
