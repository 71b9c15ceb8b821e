import type { FaultShape } from "../plan/index.ts";
import type { Capability, Decision, Injected, Injection } from "../stack/index.ts";

/** A kind of fault. A new one is a file of this folder and a line in its index. */
export interface FaultKind<Name extends string = string> extends FaultShape {
  name: Name;
  needs: readonly Capability[];
  inject(context: FaultContext): Interference | Promise<Interference>;
}

/** What a fault may act on. */
export interface FaultContext {
  /** cuts the connection of the client that performs the operation of the moment */
  cutClient(then: "walks away" | "asks again"): void;
  inject(injection: Injection): Promise<Injected>;
  /** requests to external systems by attempts that are under way now are held until the returned function is called */
  holdCallsOfOpenAttempts(): () => void;
}

/** What becomes of the thing that was about to happen, or had just happened, at the moment; nothing: it goes on. */
export interface Interference {
  /** message */
  decision?: Decision;
  /** webhook: it is delivered once more */
  webhook?: "repeat";
  /** effect: answer 503 without applying it, or lose the answer of what was applied */
  external?: "fail" | "lose";
  /** the thing waits until the fault is healed */
  hold?: boolean;
  /** ends the fault, and waits for nothing else; called once, at the beginning of the recovery phase at the latest */
  heal?(): Promise<void>;
  /** settles when what was healed has done what it had left to do; called once healing has begun */
  rested?(): Promise<void>;
  /** the healing begins at once, in the background */
  healAtOnce?: boolean;
}
