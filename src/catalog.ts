import { batching } from "./batching/pattern.ts";
import { durablePromises } from "./durable-promises/pattern.ts";
import { durableRpc } from "./durable-rpc/pattern.ts";
import { messageQueue } from "./message-queue/pattern.ts";
import { parallelWork } from "./parallel-work/pattern.ts";
import { paymentSignals } from "./payment-signals/pattern.ts";
import { paymentStateMachine } from "./payment-state-machine/pattern.ts";
import { priorityQueue } from "./priority-queue/pattern.ts";
import { rateLimiting } from "./rate-limiting/pattern.ts";
import { sagas } from "./sagas/pattern.ts";
import { scheduledTasks } from "./scheduled-tasks/pattern.ts";
import type { Pattern } from "./shared/pattern.ts";
import { stateMachines } from "./state-machines/pattern.ts";
import { syncToAsync } from "./sync-to-async/pattern.ts";
import { webhookCallbacks } from "./webhook-callbacks/pattern.ts";

export type { Definition, Pattern } from "./shared/pattern.ts";

/** Each pattern describes itself, in its folder. Another module with a catalog can be tested in the place of this one. */
export const catalog: Record<string, Pattern> = {
  batching,
  "durable-promises": durablePromises,
  "durable-rpc": durableRpc,
  "message-queue": messageQueue,
  "parallel-work": parallelWork,
  "payment-signals": paymentSignals,
  "payment-state-machine": paymentStateMachine,
  "priority-queue": priorityQueue,
  "rate-limiting": rateLimiting,
  sagas,
  "scheduled-tasks": scheduledTasks,
  "state-machines": stateMachines,
  "sync-to-async": syncToAsync,
  "webhook-callbacks": webhookCallbacks,
};
