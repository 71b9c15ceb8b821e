export { EdnError } from "./edn.ts";
export type * from "./history.ts";
export { type JepsenEvent, type JepsenHistory, type JepsenOperation, jepsenOperations } from "./jepsen.ts";
export { ednOfJson, jsonOfEdn, readJepsenEdn, writeJepsenEdn } from "./jepsen-edn.ts";
export { readJepsenLog, writeJepsenLog } from "./jepsen-log.ts";
export { readHistory, readJepsenLines, validateHistory, writeHistory, writeJepsenLines } from "./json-lines.ts";
export {
  type Completion,
  endedBy,
  isCompletion,
  isLedger,
  ledger,
  mergeDuplicates,
  overlap,
  type Performed,
  performed,
  struck,
} from "./queries.ts";
export { jepsenOf } from "./to-jepsen.ts";
export { UnusableHistory } from "./unusable.ts";
