export { Terminal, type TerminalOptions } from "./terminal.ts";
export { writeReport } from "./write.ts";
