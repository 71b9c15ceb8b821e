export { Arena, type Judged } from "./arena.ts";
export { Campaign, type Search } from "./campaign.ts";
export { type Confirmation, confirm } from "./confirmation.ts";
export { type FaultKind, faultKind, faultKinds, faultWords } from "./faults/index.ts";
export { declaredProperties, type Property, type PropertyOptions, property, type Situation } from "./property.ts";
export { REPORTS, runStarted, Session, savePlan, scriptedPlans, startStack } from "./session.ts";
export { readSettings, type SavedPlan, type Settings, SettingsError, type StackName } from "./settings.ts";
export { Subject } from "./subject.ts";
export { makeTag, untagged } from "./tag.ts";
