import { retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { myService } from "./my-service.ts";
import { queue } from "./queue.ts";

export const priorityQueue: Pattern = {
  services: [queue, myService],
  examples: [
    `curl localhost:8080/myService/expensiveMethod -H 'content-type: application/json' -d '{"left": 1, "right": 2, "priority": 3}'`,
    "curl localhost:8080/queue/myService%2FexpensiveMethod/stats -X POST",
  ],
  external: ["calculator"],
  environment: { QUEUE_LIMIT: "how many may hold a slot of a queue at the same time (10)", ...retrySettings },
};
