export type * from "./record.ts";
export { type RecordedRun, Recorder, readRecords } from "./recorder.ts";
