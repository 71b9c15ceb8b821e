export { Campaign, type CampaignOptions } from "./campaign.ts";
export { type Confirmation, confirm } from "./confirmation.ts";
export { measureProfiles } from "./dry-run.ts";
