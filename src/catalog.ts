import { batching } from "./batching/pattern.ts";
import { durablePromises } from "./durable-promises/pattern.ts";
import { durableRpc } from "./durable-rpc/pattern.ts";
import { messageQueue } from "./message-queue/pattern.ts";
import { parallelWork } from "./parallel-work/pattern.ts";
import { paymentStateMachine } from "./payment-state-machine/pattern.ts";
import { rateLimiting } from "./rate-limiting/pattern.ts";
import { sagas } from "./sagas/pattern.ts";
import type { Pattern } from "./shared/pattern.ts";
import { stateMachines } from "./state-machines/pattern.ts";

export type { Definition, Pattern } from "./shared/pattern.ts";

/** What a module exports that implements the patterns: this one, or another that is to be tested in its place. */
export interface Subject {
  catalog: Record<string, Pattern>;
  /** contract name -> the module's own name, where they differ: services, and handlers ("product/reserve" -> "book") */
  names?: { services?: Record<string, string>; handlers?: Record<string, string> };
  /**
   * Brings a successful answer (parsed JSON) into the contract's form. `call` names what was asked as the contract does:
   * "product/status", or "durable-rpc POST /reserve/p1/r1" for a request to the front app of a pattern.
   */
  decode?(call: string, answer: unknown): unknown;
  /** modules to replace while bundling: import specifier -> replacement, as in esbuild's `alias` */
  alias?: Record<string, string>;
}

/** Each pattern describes itself, in its folder. */
export const catalog: Record<string, Pattern> = {
  batching,
  "durable-promises": durablePromises,
  "durable-rpc": durableRpc,
  "message-queue": messageQueue,
  "parallel-work": parallelWork,
  "payment-state-machine": paymentStateMachine,
  "rate-limiting": rateLimiting,
  sagas,
  "state-machines": stateMachines,
};
