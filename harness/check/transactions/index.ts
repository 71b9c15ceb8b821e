/** Checks histories of transactions for anomalies of isolation: see `TransactionCheck`. */
export { TransactionCheck, type TransactionFinding } from "./check-transactions.ts";
export type { Anomaly } from "./direct-anomalies.ts";
export { type AnomalyName, type Level, levels, ruledOut, strongest, titleOf } from "./levels.ts";
export type { MicroOperation, Transaction } from "./transaction.ts";
