import type { Json } from "../plan/index.ts";
import type { LedgerEvent } from "./history.ts";

/** An entry of the ledger, and its place among the events. */
export class LedgerRecord {
  readonly index: number;
  readonly type: LedgerEvent["type"];
  readonly at: number;
  readonly system: string;
  readonly action: string;
  readonly key: string;
  readonly reference: string | undefined;
  readonly operation: string | undefined;
  readonly attempt: number | undefined;
  readonly data: Json | undefined;

  constructor(event: LedgerEvent, index: number) {
    this.index = index;
    this.type = event.type;
    this.at = event.at;
    this.system = event.system;
    this.action = event.action;
    this.key = event.key;
    this.reference = event.reference;
    this.operation = event.operation;
    this.attempt = event.attempt;
    this.data = event.data;
  }

  /** "flights reserve" */
  get step(): string {
    return `${this.system} ${this.action}`;
  }
  /** A text among the fields of its data; undefined where it has none of that name. */
  text(name: string): string | undefined {
    const { data } = this;
    const value = typeof data === "object" && data !== null && !Array.isArray(data) ? data[name] : undefined;
    return typeof value === "string" ? value : undefined;
  }
}
