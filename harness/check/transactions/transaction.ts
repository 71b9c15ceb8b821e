import type { Json } from "../../plan/index.ts";

/** One step of a transaction: it appends a value to a list, or reads the whole list. */
export type MicroOperation =
  | { f: "append"; key: string; value: Json }
  /** `value` is undefined when nobody heard what was read */
  | { f: "read"; key: string; value: readonly Json[] | undefined };

/** A transaction over lists, each empty at first, as its client saw it. */
export interface Transaction {
  /** what people call it: "T3 (process 1, line 7)" */
  name: string;
  /** who ran it: one process runs one transaction after the other */
  process: number | string;
  /** `ok` committed, `fail` aborted, `info` nobody knows which */
  outcome: "ok" | "fail" | "info";
  operations: readonly MicroOperation[];
  /** places in the list of events */
  invoke: number;
  completion: number | undefined;
}
