import type { At } from "../plan/index.ts";
import type { FaultKind } from "./fault.ts";

/** A kind of fault of an external system: it disturbs no other case, and any stack can have it. */
export const worldFault = <Name extends string>(
  kind: Pick<FaultKind<Name>, "name" | "description" | "untilHealed" | "inject">,
  at: At,
): FaultKind<Name> => ({ ...kind, scope: "world", exclusive: false, needs: [], at: [at] });
