import { ingressSetting, retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { front } from "./front.ts";
import { asyncTaskWorker } from "./worker.ts";

export const messageQueue: Pattern = {
  services: [asyncTaskWorker],
  examples: [
    `curl localhost:5050/tasks -H 'content-type: application/json' -d '{"id": "t1", "task": "paint", "delayMs": 500}'`,
    "curl localhost:5050/tasks/t1",
  ],
  app: front,
  appPath: "/tasks",
  external: ["workshop"],
  environment: { ...ingressSetting, ...retrySettings },
};
