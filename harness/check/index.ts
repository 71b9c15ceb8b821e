/**
 * Checkers: pure functions from a history (and the ledger in it) to a verdict with evidence.
 *
 * An invariant is a `Checker`. `linearizable(model, { select })` makes one of a sequential specification, a `Model`; a
 * property's author writes the model and `select`, which says what an operation of the plan is to the model. Under it
 * lies `Search`, over plain operations (`Observed`), in slices: `runCooperatively` drives it beside other work, `runSync`
 * at once. `judge` also finds the smallest contradiction. `models/` has models of common objects; `keyed` makes one object of each
 * key of them.
 *
 * The others are made of what an author says of single operations (`Performed`) and events:
 * - of what happened: `exactlyOnce`, `effectivelyOnce`, `noInventedEffect`, `conservation`, `sagaAtomicity`, `sagaOrder`
 * - of when: `fifo`, `priorityOrder`, `notBefore`, `mutualExclusion`, `boundedConcurrency`
 * - of what was answered: `singleValue`, `monotonicReads`, `sameAnswer`, `set`
 * - of every pattern: `ends`, `replaysDeterministically`
 *
 * `transactions/` checks transactions over lists for anomalies of isolation. `command/` judges histories of other tools by
 * these: `npm run check`.
 */
export { type BoundedConcurrency, boundedConcurrency, mutualExclusion, type Use } from "./bounded-concurrency.ts";
export * from "./checker.ts";
export { type Conservation, conservation } from "./conservation.ts";
export { distinctQueue, type QueueOperation } from "./distinct-queue.ts";
export { encode } from "./encode.ts";
export { ends } from "./ends.ts";
export { eventsOf, invalid, nameOf } from "./evidence.ts";
export { type ExactlyOnce, effectivelyOnce, exactlyOnce, noInventedEffect } from "./exactly-once.ts";
export { type Fifo, fifo, type Lane } from "./fifo.ts";
export { growOnlySet, type SetOperation } from "./grow-only-set.ts";
export { judge, type RecordedOperation } from "./judge.ts";
export { linearizable, type Select } from "./linearizable.ts";
export { mergingDuplicates } from "./merging-duplicates.ts";
export { type Model, ModelFault, type Observed } from "./model.ts";
export { type KeyedInput, keyed, together } from "./models/keyed.ts";
export { mutex } from "./models/mutex.ts";
export { bag, type QueueInput, type QueueOutput, queue } from "./models/queue.ts";
export { type RegisterInput, type RegisterOutput, register } from "./models/register.ts";
export { type TextInput, text } from "./models/text.ts";
export { type WriteOnceInput, type WriteOnceOutput, writeOnce } from "./models/write-once.ts";
export { type MonotonicReads, monotonicReads } from "./monotonic-reads.ts";
export { type NotBefore, notBefore } from "./not-before.ts";
export { type PriorityOrder, priorityOrder } from "./priority-order.ts";
export { replaysDeterministically } from "./replays-deterministically.ts";
export { type Saga, type SagaEntry, sagaAtomicity, sagaOrder } from "./saga.ts";
export { type SameAnswer, sameAnswer } from "./same-answer.ts";
export { runCooperatively, runSync, type Stepwise } from "./search/drive.ts";
export { type Finding, Search, type Violation } from "./search/search.ts";
export { type GrowingSet, set } from "./set.ts";
export { type Random, type Simulation, seeded, simulate } from "./simulate.ts";
export { type SingleValue, singleValue } from "./single-value.ts";
export type * from "./verdict.ts";
