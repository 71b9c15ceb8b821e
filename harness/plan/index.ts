export * from "./describe.ts";
export type * from "./fault-shape.ts";
export { momentName } from "./moment.ts";
export type * from "./plan.ts";
export { atCall, atMessage, atOperation, ending, fault, operation } from "./scripted.ts";
export { type Shrunk, shrink, withoutOperations } from "./shrink.ts";
export { GENERATOR_VERSION, type OperationKind, type Request, type Storm, type StormOptions, storm } from "./storm.ts";
