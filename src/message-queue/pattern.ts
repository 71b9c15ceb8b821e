import { ingressSetting, retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { front } from "./front.ts";
import { asyncTaskWorker } from "./worker.ts";

export const messageQueue: Pattern = {
  services: [asyncTaskWorker],
  app: front,
  appPath: "/tasks",
  external: ["workshop"],
  environment: { ...ingressSetting, ...retrySettings },
};
