import { type Budget, defaultBudget } from "./checker.ts";
import type { Model, Observed } from "./model.ts";
import { now } from "./search/clock.ts";
import { type Contradiction, contradiction } from "./search/contradiction.ts";
import { Sliced, unhurried } from "./search/drive.ts";
import { Search, type Violation } from "./search/search.ts";
import type { Evidence, Verdict } from "./verdict.ts";
import { describe } from "./words.ts";

/** An operation as the model sees it, and where the history tells of it. */
export interface Witnessed<Input, Output> {
  /** what people call it: "o3" */
  name: string;
  observed: Observed<Input, Output>;
  /** places in the list of events */
  invoke: number;
  completion: number | undefined;
}

/** A long explanation helps nobody: of a contradiction that could not be made small, the last operations are shown. */
const mostShown = 50;
/** So long, in milliseconds, a smallest contradiction is looked for, if the budget allows it. */
const longestExplanation = 2_000;

/**
 * Searches for a linearization and, when there is none, for the smallest contradiction, within one budget; leaves the
 * event loop free between slices of a few milliseconds.
 * @throws ModelFault
 */
export async function judge<State, Input, Output>(
  model: Model<State, Input, Output>,
  witnessed: readonly Witnessed<Input, Output>[],
  budget: Budget,
): Promise<Verdict> {
  const end = now() + (budget.milliseconds ?? defaultBudget.milliseconds);
  const operations = witnessed.map(({ observed }) => observed);
  const finding = await unhurried(new Search(model, operations, budget));
  if (finding.verdict !== "invalid") return finding;
  const bytes = budget.bytes ?? defaultBudget.bytes;
  const found = await unhurried(
    new Sliced(Math.min(longestExplanation, end - now()), (isOver) =>
      contradiction(model, operations, finding, bytes, isOver),
    ),
  );
  return { verdict: "invalid", evidence: tell(model, witnessed, finding, found) };
}

function tell<State, Input, Output>(
  model: Model<State, Input, Output>,
  witnessed: readonly Witnessed<Input, Output>[],
  violation: Violation,
  { operations, minimal }: Contradiction,
): Evidence {
  const words = (operation: number): string => {
    const { observed, name } = witnessed[operation]!;
    return `${describe(model, observed.input, observed.output)} (${name})`;
  };
  const longest = violation.deadEnds[0]!;
  const last = longest.order.slice(-3).map(words);
  const elided = longest.order.length > last.length ? "..., " : "";
  const after = last.length === 0 ? "at the beginning" : `after ${elided}${last.join(", ")}`;
  const extent = `${longest.order.length} of ${violation.operations.length} operations`;
  return {
    summary: `${headline(operations, minimal)}: ${story(witnessed, operations, words)}.`,
    expected: `an answer that fits; the longest order that does so has ${extent}: ${after}, ${longest.state}`,
    seen: words(longest.blocked),
    events: eventsOf(witnessed, operations),
    partials: violation.deadEnds.map(({ order }) => order.map((operation) => witnessed[operation]!.invoke)),
  };
}

function headline(operations: readonly number[], minimal: boolean): string {
  if (!minimal) return "No order of these operations explains their answers (there may be a smaller contradiction)";
  if (operations.length === 1) return "Nothing that was asked before explains this answer";
  return "No order of these operations explains their answers, whatever became of all others";
}

/** Tells operations in the order of time, and which began only after all those before it had answered. */
function story<Input, Output>(
  witnessed: readonly Witnessed<Input, Output>[],
  operations: readonly number[],
  words: (operation: number) => string,
): string {
  const shown = [...operations].sort((a, b) => witnessed[a]!.observed.call - witnessed[b]!.observed.call);
  let answered = Number.NEGATIVE_INFINITY;
  const told = shown.slice(-mostShown).map((operation, k) => {
    const { call, return: answer } = witnessed[operation]!.observed;
    const link = k === 0 ? "" : call > answered ? "then " : "and meanwhile ";
    answered = Math.max(answered, answer ?? Number.POSITIVE_INFINITY);
    return link + words(operation);
  });
  return told.join(", ");
}

function eventsOf<Input, Output>(
  witnessed: readonly Witnessed<Input, Output>[],
  operations: readonly number[],
): number[] {
  return operations
    .slice(-mostShown)
    .flatMap((operation) => {
      const { invoke, completion } = witnessed[operation]!;
      return completion === undefined ? [invoke] : [invoke, completion];
    })
    .sort((a, b) => a - b);
}
