/**
 * Histories of other tools, and for them: Jepsen's events in EDN, in JSON lines, and in the form of its logs. Pure functions
 * between texts and events; only the command that judges such histories needs them.
 */
export { type JepsenEvent, type JepsenHistory, type JepsenOperation, jepsenOperations } from "./jepsen.ts";
export { readJepsenEdn, writeJepsenEdn } from "./jepsen-edn.ts";
export { readJepsenLog, writeJepsenLog } from "./jepsen-log.ts";
export { readJepsenLines, writeJepsenLines } from "./json-lines.ts";
export { jepsenOf } from "./to-jepsen.ts";
