export { CaseRunner, type Judged } from "../case/case-runner.ts";
export { makeTag, untagged } from "../case/tag.ts";
export { type FaultKind, faultKind, faultKinds, faultWords } from "../faults/index.ts";
export {
  declaredProperties,
  type Property,
  type PropertyOptions,
  property,
  type Situation,
} from "../property/property.ts";
export { Campaign, type Search } from "../search/campaign.ts";
export { type Confirmation, confirm } from "../search/confirmation.ts";
export type { SavedPlan } from "./saved-plan.ts";
export { REPORTS, runStarted, Session, savePlan, scriptedPlans, startStack } from "./session.ts";
export { readSettings, type Settings, SettingsError, type StackName } from "./settings.ts";
export { Subject } from "./system-under-test.ts";
