import type { Moment } from "./plan.ts";

/** What a generator and a reader need to know of a kind of fault. */
export interface FaultShape {
  /** as plans write it, e.g. "kill-endpoint" */
  name: string;
  /** what it does, for a reader of a plan: "the service process is killed" */
  description: string;
  /** what it acts on; shrinking removes processes first, a report groups by it */
  scope: "client" | "world" | "message" | "process";
  /** it disturbs everything on the stack, so its case must have the stack for itself */
  exclusive: boolean;
  /** the moments at which it can be injected */
  at: readonly At[];
  /** it lasts until it is healed, and a plan may say when */
  untilHealed: boolean;
}

export interface At {
  at: Moment["at"];
  when: Moment["when"] | "either";
  point?: "invoke" | "completion";
}
