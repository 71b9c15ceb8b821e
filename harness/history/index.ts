export type * from "./history.ts";
export { readHistory, validateHistory, writeHistory } from "./json-lines.ts";
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
export { UnusableHistory } from "./unusable.ts";
