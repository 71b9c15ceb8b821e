import { type Checker, ends, replaysDeterministically } from "../check/index.ts";
import type { History } from "../history/index.ts";
import type { Call, Plan, Storm } from "../plan/index.ts";
import type { ExternalSystem } from "../world/index.ts";

/** What must hold of a pattern, and how it is put to the test. */
export interface PropertyOptions {
  /** the pattern of the catalog that is served */
  pattern: string;
  /** settings of the services, as environment variables */
  environment?: Record<string, string>;
  /** external systems to be played beside those that every property finds, or in the place of one of the same name */
  systems?: readonly ExternalSystem[];
  plan: Storm;
  /**
   * Calls by which the closing phase lets go of who waits for what nobody does any more. They are made, and made again, as
   * long as something has not ended, and stand in the history as operations of a client of their own, of kind "closing".
   */
  closing?(plan: Plan): Call[];
  /** reads to be made once all is quiet, by name; their answers are `final.answers` */
  audit?(plan: Plan): Record<string, Call>;
  /** by name; every property also checks that everything ends and that replays are deterministic */
  invariants: Record<string, Checker>;
  /** situations without which a run means nothing, by name */
  reaches: Record<string, Situation>;
}

/** A situation that a run must have met, with a plan that brings it about: it is run first, so that nothing is left to luck. */
export interface Situation {
  met(history: History): boolean;
  plan: Pick<Plan, "operations"> & Partial<Plan>;
}

export interface Property extends PropertyOptions {
  name: string;
}

const declared: Property[] = [];
let registrar: ((property: Property) => void) | undefined;

/** Declares a property. Under vitest this registers its tests, one for each stack that the run asks for. */
export function property(name: string, options: PropertyOptions): void {
  const complete: Property = {
    name,
    ...options,
    invariants: { ...options.invariants, ends, "replays deterministically": replaysDeterministically },
  };
  declared.push(complete);
  registrar?.(complete);
}

/** Properties that have been declared so far, for scripts that import property files. */
export const declaredProperties = (): readonly Property[] => declared;

/** What to do with each property that is declared from now on. */
export function onDeclare(register: (property: Property) => void): void {
  registrar = register;
}
