export type * from "../record/record.ts";
export { type RecordedRun, Recorder, readRecords } from "../record/recorder.ts";
export { Terminal, type TerminalOptions } from "./terminal.ts";
export { writeReport } from "./write.ts";
