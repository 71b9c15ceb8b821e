import { type Budget, defaultBudget } from "./checker.ts";
import { explain } from "./explain.ts";
import type { Model, Observed } from "./model.ts";
import { now } from "./search/clock.ts";
import { contradiction } from "./search/contradiction.ts";
import { runCooperatively, Sliced } from "./search/drive.ts";
import { Search } from "./search/search.ts";
import type { Verdict } from "./verdict.ts";

/** An operation as the model sees it, and where the history tells of it. */
export interface RecordedOperation<Input, Output> {
  /** what people call it: "o3" */
  name: string;
  observed: Observed<Input, Output>;
  /** places in the list of events */
  invoke: number;
  completion: number | undefined;
}

/** So long, in milliseconds, a smallest contradiction is looked for, if the budget allows it. */
const longestExplanation = 2_000;

/**
 * Searches for a linearization and, when there is none, for the smallest contradiction, within one budget; leaves the
 * event loop free between slices of a few milliseconds.
 * @throws ModelFault
 */
export async function judge<State, Input, Output>(
  model: Model<State, Input, Output>,
  recorded: readonly RecordedOperation<Input, Output>[],
  budget: Budget,
): Promise<Verdict> {
  const end = now() + (budget.milliseconds ?? defaultBudget.milliseconds);
  const operations = recorded.map(({ observed }) => observed);
  const finding = await runCooperatively(new Search(model, operations, budget));
  if (finding.verdict !== "invalid") return finding;
  const bytes = budget.bytes ?? defaultBudget.bytes;
  const found = await runCooperatively(
    new Sliced(Math.min(longestExplanation, end - now()), (isOver) =>
      contradiction(model, operations, finding, bytes, isOver),
    ),
  );
  return { verdict: "invalid", evidence: explain(model, recorded, finding, found) };
}
