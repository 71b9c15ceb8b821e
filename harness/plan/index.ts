export {
  describeFault,
  describeKind,
  describeMoment,
  describeOperation,
  describeOrder,
  describePlan,
  type FaultLabels,
  type PlanLine,
  planLines,
} from "./describe.ts";
export type { At, FaultShape } from "./fault-shape.ts";
export { momentName } from "./moment.ts";
export {
  type Direction,
  type Fault,
  isReferring,
  type Json,
  Moment,
  Operation,
  type Order,
  Plan,
  type ReferringKind,
  referringKinds,
  type When,
} from "./plan.ts";
export { describeRequest, frontPath, Request } from "./request.ts";
export { type Shrunk, shrink, withoutOperations } from "./shrink.ts";
export {
  GENERATOR_VERSION,
  type Profile,
  type Profiles,
  type StormConditions,
  type StormKind,
  type StormOptions,
  storm,
  unmeasured,
} from "./storm.ts";
