import { retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { batchReceiver } from "./batch-receiver.ts";
import { batcher } from "./batcher.ts";

export const batching: Pattern = {
  services: [batcher, batchReceiver],
  examples: [
    `curl localhost:8080/batcher/archive/receive -H 'content-type: application/json' -d '{"page": 1}'`,
    `curl localhost:8080/batcher/archive/receive -H 'content-type: application/json' -d '{"page": 2}'`,
  ],
  external: ["batch-receiver"],
  environment: {
    BATCH_SIZE: "items of a full batch (10)",
    BATCH_TIME: "milliseconds after which a batch that is not full goes as well (10000)",
    ...retrySettings,
  },
};
