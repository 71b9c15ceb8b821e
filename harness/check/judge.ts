import { type Budget, defaultBudget } from "./checker.ts";
import type { Model, Observed } from "./model.ts";
import { now } from "./search/clock.ts";
import { type Contradiction, contradiction, type Part } from "./search/contradiction.ts";
import { Sliced, unhurried } from "./search/drive.ts";
import { Search, type Violation } from "./search/search.ts";
import { describe } from "./search/words.ts";
import type { Evidence, Verdict } from "./verdict.ts";

/** An operation as the model sees it, and where the history tells of it. */
export interface Witnessed<Input, Output> {
  /** what people call it: "o3" */
  name: string;
  observed: Observed<Input, Output>;
  /** places in the list of events */
  invoke: number;
  completion: number | undefined;
}

/** A long explanation helps nobody: of a contradiction that could not be made small, the last events are shown. */
const mostEvents = 100;

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
    new Sliced(end - now(), (isOver) => contradiction(model, operations, finding, bytes, isOver)),
  );
  return { verdict: "invalid", evidence: tell(model, witnessed, finding, found) };
}

function tell<State, Input, Output>(
  model: Model<State, Input, Output>,
  witnessed: readonly Witnessed<Input, Output>[],
  violation: Violation,
  { parts, minimal }: Contradiction,
): Evidence {
  const words = (operation: number, withAnswer = true): string => {
    const { observed, name } = witnessed[operation]!;
    return `${describe(model, observed.input, withAnswer ? observed.output : undefined)} (${name})`;
  };
  const longest = violation.deadEnds[0]!;
  const last = longest.order.slice(-3).map((operation) => words(operation));
  const elided = longest.order.length > last.length ? "..., " : "";
  const after = last.length === 0 ? "at the beginning" : `after ${elided}${last.join(", ")}`;
  return {
    summary: `${headline(parts, minimal)}: ${story(witnessed, parts, words)}.`,
    expected: `an answer that fits: the longest order that does puts ${longest.order.length} of ${violation.operations.length} operations in a row, and ${after}, ${longest.state}`,
    seen: words(longest.blocked),
    events: eventsOf(witnessed, parts),
    partials: violation.deadEnds.map(({ order }) => order.map((operation) => witnessed[operation]!.invoke)),
  };
}

function headline(parts: readonly Part[], minimal: boolean): string {
  if (!minimal) return "No order of these operations explains their answers (there may be a smaller contradiction)";
  if (parts.length === 1) return "Nothing that was done explains this, in whatever order it took effect";
  return "No order of these operations explains their answers, whatever else happened";
}

/** Tells the parts in the order of time, and which came strictly after which. */
function story<Input, Output>(
  witnessed: readonly Witnessed<Input, Output>[],
  parts: readonly Part[],
  words: (operation: number, withAnswer?: boolean) => string,
): string {
  const moment = ({ operation, call }: Part) => {
    const { observed } = witnessed[operation]!;
    return call ? observed.call : (observed.return ?? observed.call);
  };
  const shown = [...parts].sort((a, b) => moment(a) - moment(b)).slice(-mostEvents);
  let answeredAt = Number.NEGATIVE_INFINITY;
  const told = shown.map((part, k) => {
    const { observed } = witnessed[part.operation]!;
    const what = part.return ? words(part.operation) : `the invocation of ${words(part.operation, false)}`;
    const link = k === 0 ? "" : part.call && observed.call > answeredAt ? "then " : "and meanwhile ";
    if (part.return) answeredAt = Math.max(answeredAt, observed.return ?? Number.POSITIVE_INFINITY);
    return `${link}${what}`;
  });
  return told.join(", ");
}

function eventsOf<Input, Output>(witnessed: readonly Witnessed<Input, Output>[], parts: readonly Part[]): number[] {
  const events = parts.flatMap((part) => {
    const { invoke, completion } = witnessed[part.operation]!;
    return [...(part.call ? [invoke] : []), ...(part.return && completion !== undefined ? [completion] : [])];
  });
  return events.sort((a, b) => a - b).slice(-mostEvents);
}
