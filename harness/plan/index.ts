export * from "./describe.ts";
export type * from "./plan.ts";
