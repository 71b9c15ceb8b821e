export type * from "./record.ts";
export { type RecordedRun, Recorder, readRecords } from "./recorder.ts";
export { Terminal, type TerminalOptions } from "./terminal.ts";
export { writeReport } from "./write.ts";
