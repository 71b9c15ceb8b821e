import { ingressSetting } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { front } from "./front.ts";
import { durablePromiseServer, promises } from "./services.ts";

export const durablePromises: Pattern = {
  services: [promises, durablePromiseServer],
  app: front,
  appPath: "/promises",
  environment: ingressSetting,
};
