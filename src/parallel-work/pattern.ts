import { retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { worker } from "./worker.ts";

export const parallelWork: Pattern = {
  services: [worker],
  external: ["workshop"],
  environment: retrySettings,
};
