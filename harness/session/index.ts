export { judged, unknownInvariant } from "./judged.ts";
export { PLAN_FORMAT, type SavedPlan } from "./saved-plan.ts";
export { REPORTS, runStarted, Session, savePlan, startStack } from "./session.ts";
export { readSettings, type Settings, SettingsError, type StackName } from "./settings.ts";
export { SystemUnderTest } from "./system-under-test.ts";
