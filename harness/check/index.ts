/**
 * Is a history of one object right? A `Model` is its sequential specification; `judge` searches for an order of its
 * operations that explains their answers, and for the smallest contradiction when there is none. Under it lies `Search`, over
 * plain operations (`Observed`), in slices: `runCooperatively` drives it beside other work, `runSync` at once. `models/` has models of
 * common objects; `keyed` makes one object of each key of them. `growOnlySet` and `distinctQueue` are quicker ways for two.
 *
 * `transactions/` checks transactions over lists for anomalies of isolation. `command/` judges histories of other tools by
 * these, as `npm run check` does. What patterns promise beyond that is in `harness/property/checks`.
 */
export * from "./checker.ts";
export { distinctQueue, type QueueOperation } from "./distinct-queue.ts";
export { encode } from "./encode.ts";
export { say } from "./evidence.ts";
export { growOnlySet, type SetOperation } from "./grow-only-set.ts";
export { judge, type RecordedOperation } from "./judge.ts";
export { type Model, ModelFault, type Observed } from "./model.ts";
export { type KeyedInput, keyed, together } from "./models/keyed.ts";
export { mutex } from "./models/mutex.ts";
export { bag, type QueueInput, type QueueOutput, queue } from "./models/queue.ts";
export { type RegisterInput, type RegisterOutput, register } from "./models/register.ts";
export { type TextInput, text } from "./models/text.ts";
export { type WriteOnceInput, type WriteOnceOutput, writeOnce } from "./models/write-once.ts";
export { runCooperatively, runSync, type Stepwise } from "./search/drive.ts";
export { type Finding, Search, type Violation } from "./search/search.ts";
export { type Random, type Simulation, seeded, simulate } from "./simulate.ts";
export { runWorkload } from "./transactions/weak-database.ts";
export type * from "./verdict.ts";
