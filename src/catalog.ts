import type { ServiceDefinition, VirtualObjectDefinition, WorkflowDefinition } from "@restatedev/restate-sdk";
import { front as promisesFront } from "./durable-promises/front.ts";
import { promises } from "./durable-promises/promises.ts";
import { durablePromiseServer } from "./durable-promises/server.ts";
import { front } from "./durable-rpc/front.ts";
import { product } from "./durable-rpc/product.ts";
import { front as taskFront } from "./message-queue/front.ts";
import { asyncTaskWorker } from "./message-queue/worker.ts";
import { worker } from "./parallel-work/worker.ts";
import { accounts } from "./payment-state-machine/accounts.ts";
import { payments } from "./payment-state-machine/payments.ts";
import { bookingWorkflow } from "./sagas/booking.ts";
import { machineOperator } from "./state-machines/machine-operator.ts";

/** What one pattern consists of and what it needs. */
export interface Pattern {
  /** Restate services, virtual objects and workflows; their names are unique across the catalog */
  services: Definition[];
  /** its front HTTP app */
  app?: (request: Request) => Promise<Response>;
  /** names of the external systems that it calls; "payment-provider" is found at PAYMENT_PROVIDER_URL */
  external?: string[];
  /** the settings that it reads from the environment: name -> what it means, with its default */
  environment?: Record<string, string>;
}

export type Definition =
  | ServiceDefinition<string, unknown>
  | VirtualObjectDefinition<string, unknown>
  | WorkflowDefinition<string, unknown>;

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

const ingress = { INGRESS_URL: "where the front app reaches Restate (http://127.0.0.1:8080)" };
const retries = {
  EXTERNAL_RETRY_INTERVAL: "milliseconds until a failed call to an external system is repeated; it doubles (250)",
  EXTERNAL_RETRY_MAX_INTERVAL: "the longest such wait, in milliseconds (30000)",
};

export const catalog: Record<string, Pattern> = {
  "durable-promises": {
    services: [promises, durablePromiseServer],
    app: promisesFront,
    environment: ingress,
  },
  "durable-rpc": {
    services: [product],
    app: front,
    environment: ingress,
  },
  "message-queue": {
    services: [asyncTaskWorker],
    app: taskFront,
    external: ["workshop"],
    environment: { ...ingress, ...retries },
  },
  "parallel-work": {
    services: [worker],
    external: ["workshop"],
    environment: retries,
  },
  "payment-state-machine": {
    services: [accounts, payments],
    environment: {
      OPENING_BALANCE: "cents on an account that was never used (0)",
      TOKEN_EXPIRY: "milliseconds after which a payment id is forgotten (3600000)",
    },
  },
  sagas: {
    services: [bookingWorkflow],
    external: ["flights", "cars", "payment-provider"],
    environment: retries,
  },
  "state-machines": {
    services: [machineOperator],
    external: ["machines"],
    environment: { TRANSITION_TIME: "milliseconds that a machine takes to get up or down (5000)", ...retries },
  },
};
