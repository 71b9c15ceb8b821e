import type { Json } from "../../plan/index.ts";
import type { MicroOperation, Transaction } from "./transaction.ts";
import type { Append, Read } from "./versions.ts";

/** So many elements of a list are shown, its last ones, and so many steps of a transaction. */
const elementsShown = 5;
const stepsShown = 8;

/** Names the transactions of a story T1, T2, ... in the order in which they are given. */
export class Cast {
  readonly #transactions: readonly Transaction[];
  readonly #members: readonly number[];
  constructor(transactions: readonly Transaction[], members: readonly number[]) {
    this.#transactions = transactions;
    this.#members = [...new Set(members)];
  }

  name(transaction: number): string {
    return `T${this.#members.indexOf(transaction) + 1}`;
  }

  /** Who is who: a line for each transaction. */
  introduction(): string[] {
    return this.#members.map((member) => {
      const { name, operations, outcome } = this.#transactions[member]!;
      const steps = operations.slice(0, stepsShown).map(formatStep);
      const more = operations.length > stepsShown ? `, and ${operations.length - stepsShown} more` : "";
      const end = { ok: "", fail: "; it failed", info: "; nobody heard how it ended" }[outcome];
      return `${this.name(member)} is ${name}: ${steps.join(", ")}${more}${end}.`;
    });
  }
}

/** "append 3 to x", "read x as [1, 2]" */
function formatStep(operation: MicroOperation): string {
  if (operation.f === "append") return `append ${JSON.stringify(operation.value)} to ${operation.key}`;
  if (operation.value === undefined) return `read ${operation.key}`;
  return `read ${operation.key} as ${formatList(operation.value)}`;
}

/** A list for a sentence: "[1, 2]", "[..., 7, 8, 9, 10, 11] (11 elements)" */
export function formatList(values: readonly Json[]): string {
  const shown = values.slice(-elementsShown).map((value) => JSON.stringify(value));
  if (values.length <= elementsShown) return `[${shown.join(", ")}]`;
  return `[..., ${shown.join(", ")}] (${values.length} elements)`;
}

/** What a read showed; an element that nobody appended as "?". */
export function formatRead({ elements }: Read): string {
  return formatList(elements.map((element) => element?.value ?? "?"));
}

export const formatValue = ({ value }: Append): string => JSON.stringify(value);
