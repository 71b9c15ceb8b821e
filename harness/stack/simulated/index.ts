export type { Broker, ProducedRecord, TopicRecord } from "./network/broker.ts";
export { SubjectDied } from "./processes/deaths.ts";
export { EscapeError } from "./processes/escapes.ts";
export { realTime } from "./processes/process.ts";
export { type SimulatedOptions, SimulatedStack } from "./simulated-stack.ts";
