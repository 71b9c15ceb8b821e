export {
  type AttemptEvent,
  AUDIT_CLIENT,
  type CompletionEvent,
  type DeathEvent,
  type FaultEvent,
  Final,
  History,
  HistoryEvent,
  type LedgerEvent,
  type OperationEvent,
  RECOVERY_CLIENT,
  type RecoveryEvent,
  WEBHOOK_CLIENT,
} from "./history.ts";
export { readHistory, validateHistory, writeHistory } from "./json-lines.ts";
export { LedgerRecord } from "./ledger-record.ts";
export {
  type Failure,
  type FaultRecord,
  type Fields,
  type HistoryView,
  isCompletion,
  isLedger,
  mergeDuplicates,
  OperationRecord,
  viewOf,
} from "./records.ts";
export { UnusableHistory } from "./unusable.ts";
