import type { ServiceDefinition, VirtualObjectDefinition, WorkflowDefinition } from "@restatedev/restate-sdk";

/** What one pattern consists of and what it needs. */
export interface Pattern {
  /** Restate services, virtual objects and workflows; their names are unique across the catalog */
  services: Definition[];
  /** its front HTTP app */
  app?: (request: Request) => Promise<Response>;
  /** the first segment of all paths of `app`, such as "/tasks"; unique across the catalog, so that apps can share a port */
  appPath?: string;
  /** names of the external systems that it calls; "payment-provider" is found at PAYMENT_PROVIDER_URL */
  external?: string[];
  /** curl lines that try it out, in their order, at the ports of `npm run play`; each works as it is written */
  examples: readonly string[];
  /** the settings that it reads from the environment: name -> what it means, with its default */
  environment?: Record<string, string>;
}

export type Definition =
  | ServiceDefinition<string, unknown>
  | VirtualObjectDefinition<string, unknown>
  | WorkflowDefinition<string, unknown>;
