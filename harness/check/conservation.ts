import { type History, type Performed, performed } from "../history/index.ts";
import type { Checker } from "./checker.ts";
import { eventsOf, invalid } from "./evidence.ts";

export interface Conservation {
  initial: number;
  /** what there is in the end; undefined when the history does not tell */
  total(history: History): number | undefined;
  /**
   * By how much an operation may have changed the total: one number when it is certain, several when it is not, such as
   * [0, -30] for a withdrawal that was never answered. Undefined when it is none of this.
   */
  changes(one: Performed): number | readonly number[] | undefined;
}

/** So many different totals are kept in mind. */
const mostTotals = 1_000_000;

/** In the end there is what there was at first, and what each operation added to it: nothing comes of nothing, or is lost. */
export function conservation({ initial, total, changes }: Conservation): Checker {
  return (history) => {
    const seen = total(history);
    if (seen === undefined) return { verdict: "unknown", reason: "the history does not tell the total" };
    const moves = performed(history).flatMap((one) => {
      const change = one.invoke === undefined ? undefined : changes(one);
      return change === undefined ? [] : [{ one, choices: typeof change === "number" ? [change] : change }];
    });
    let totals = new Set([initial]);
    for (const { choices } of moves) {
      totals = new Set([...totals].flatMap((sum) => choices.map((choice) => sum + choice)));
      if (totals.size > mostTotals)
        return { verdict: "unknown", reason: `more than ${mostTotals} totals are possible` };
    }
    if (totals.has(seen)) return { verdict: "valid" };
    const certain = moves.filter(({ choices }) => choices.length === 1);
    const open = moves.filter(({ choices }) => choices.length > 1);
    const sum = certain.reduce((subtotal, { choices }) => subtotal + choices[0]!, initial);
    const either = open.map(({ one, choices }) => `${choices.join(" or ")} (${one.operation.id})`);
    return invalid(
      `There is ${seen} in the end, which no combination of the operations' changes explains.`,
      moves.flatMap(({ one }) => eventsOf(one)),
      {
        expected: [`${sum} after what is certain`, ...either].join(", and "),
        seen: String(seen),
      },
    );
  };
}
