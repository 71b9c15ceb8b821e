export * as checks from "./checks/shared.ts";
export * from "./checks/shared.ts";
export { constants, overrideConstants } from "./constants.ts";
export { KindDefinition, type KindOptions, plain, type RequestContext } from "./definition.ts";
export { DeliveryDefinition, type DeliveryOptions, delivery } from "./delivery.ts";
export { derivedInput } from "./derived-input.ts";
export { type Disturbed, disturbancesBy } from "./disturbances.ts";
export { attach, cancel, FaultDraft, faultDrafts, OperationDraft, terminate } from "./draft.ts";
export { type Group, type Grouping, type Groups, groupBy } from "./group.ts";
export { InvalidInput, InvalidInputDefinition, invalidInput, withWrong } from "./invalid-input.ts";
export { type AnyKind, type ArgsOf, type Kind, type Modelled, operation, type RecordOf } from "./kind.ts";
export * as at from "./point.ts";
export { after, answered, before, externalCall, invoked, message, type Point, webhook } from "./point.ts";
export {
  declaredProperties,
  onDeclare,
  type Property,
  type PropertyOptions,
  property,
  scriptedPlans,
} from "./property.ts";
export { oneByOne, Scenario, scenario } from "./scenario.ts";
export { eventIn, REFUSED_FORGERY, type StripeReceiver, stripeDeliveries, subjectOf } from "./stripe-deliveries.ts";
export { type Told, textOf, type Violation, violation } from "./violation.ts";
