import type { Moment } from "./plan.ts";

/** What a generator and a reader need to know of a kind of fault. */
export interface FaultShape {
  /** the field's name for it, as plans write it */
  name: string;
  /** what it does, for a reader of a plan: "the service process is killed" */
  says: string;
  /** what it acts on; shrinking removes processes first, a report groups by it */
  level: "client" | "world" | "message" | "process";
  /** it disturbs everything on the stack, so its case must have the stack for itself */
  alone: boolean;
  /** the moments at which it can strike */
  at: readonly At[];
  /** it lasts until it is healed, and a plan may say when */
  lasting: boolean;
}

export interface At {
  at: Moment["at"];
  when: Moment["when"] | "either";
  point?: "invoke" | "completion";
}
