export { NO_CARS_LOCATION, OVERBOOKED_LOCATION } from "./cars.ts";
export { OVERBOOKED_FLIGHT, SOLD_OUT_FLIGHT } from "./flights.ts";
export { DECLINED_CARD } from "./payment-provider.ts";
export type { ExternalCall, ExternalSystem, LedgerEntry, Reaction } from "./system.ts";
export { systems } from "./systems.ts";
export { IMPOSSIBLE_TASK } from "./workshop.ts";
export { World } from "./world.ts";
