import { retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { myService } from "./my-service.ts";
import { queue } from "./queue.ts";

export const priorityQueue: Pattern = {
  services: [queue, myService],
  external: ["calculator"],
  environment: { QUEUE_LIMIT: "how many may hold a slot of a queue at the same time (10)", ...retrySettings },
};
