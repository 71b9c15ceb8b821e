/**
 * Checkers: pure functions from a history (and the ledger in it) to a verdict with evidence.
 *
 * An invariant is a `Checker`. `linearizable(model, { select })` makes one of a sequential specification, a `Model`; a
 * property's author writes the model and `select`, which says what an operation of the plan is to the model. Under it
 * lies `Search`, over plain operations (`Observed`), in slices: `unhurried` drives it beside other work, `hurried` at once.
 */
export * from "./checker.ts";
export { encode } from "./encode.ts";
export { ends } from "./ends.ts";
export { linearizable, type Select } from "./linearizable.ts";
export { mergingDuplicates } from "./merging-duplicates.ts";
export { type Model, ModelFault, type Observed } from "./model.ts";
export { type RegisterInput, type RegisterOutput, register } from "./models/register.ts";
export { replaysDeterministically } from "./replays-deterministically.ts";
export { hurried, type Stepwise, unhurried } from "./search/drive.ts";
export { type Finding, Search, type Violation } from "./search/search.ts";
export type * from "./verdict.ts";
