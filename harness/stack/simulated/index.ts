export type { Broker, ProducedRecord, TopicRecord } from "./broker.ts";
export { SubjectDied } from "./deaths.ts";
export { EscapeError } from "./escapes.ts";
export { realTime } from "./process.ts";
export { type SimulatedOptions, SimulatedStack } from "./simulated-stack.ts";
