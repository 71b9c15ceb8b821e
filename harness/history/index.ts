export { EdnError } from "./edn.ts";
export {
  type AttemptEvent,
  AUDIT_CLIENT,
  type CompletionEvent,
  type FaultEvent,
  Final,
  History,
  HistoryEvent,
  type LedgerEvent,
  type OperationEvent,
  RECOVERY_CLIENT,
  type RecoveryEvent,
} from "./history.ts";
export { type JepsenEvent, type JepsenHistory, type JepsenOperation, jepsenOperations } from "./jepsen.ts";
export { ednOfJson, jsonOfEdn, readJepsenEdn, writeJepsenEdn } from "./jepsen-edn.ts";
export { readJepsenLog, writeJepsenLog } from "./jepsen-log.ts";
export { readHistory, readJepsenLines, validateHistory, writeHistory, writeJepsenLines } from "./json-lines.ts";
export {
  type Failure,
  type FaultRecord,
  type Fields,
  type HistoryView,
  isCompletion,
  isLedger,
  type LedgerRecord,
  mergeDuplicates,
  OperationRecord,
  viewOf,
} from "./records.ts";
export { jepsenOf } from "./to-jepsen.ts";
export { UnusableHistory } from "./unusable.ts";
