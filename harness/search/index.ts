export { Campaign, type CampaignOptions } from "./campaign.ts";
export { type Confirmation, confirm } from "./confirmation.ts";
export { type DryRun, dryRun } from "./dry-run.ts";
export { notBegun } from "./not-begun.ts";
