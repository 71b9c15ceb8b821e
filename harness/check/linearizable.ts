import { type Completion, type History, type Outcome, performed } from "../history/index.ts";
import type { Operation } from "../plan/index.ts";
import { type Budget, type Checker, defaultBudget } from "./checker.ts";
import { judge, type RecordedOperation } from "./judge.ts";
import { type Model, ModelFault } from "./model.ts";
import type { Verdict } from "./verdict.ts";

/**
 * What a model makes of an operation: its input and, when the answer is known, its output; undefined when the
 * operation is none of the model's concern.
 *
 * - `outcome` is how it ended for the client: `ok`, `fail`, `info`, or undefined when it never ended.
 * - `later` is how its invocation ended in the end, as far as that was learned after the fact.
 *
 * After `ok` and `fail` the operation took effect between its invocation and that event; leave `output` out when any
 * answer would be legal, and return undefined for a refusal that says nothing. After `info`, or no end at all, it may take
 * effect at any later time or never; unless there is an output (from `later`): then it did take effect at some time.
 */
export type Select<Input, Output> = (
  operation: Operation,
  outcome: Completion | undefined,
  later: Outcome | undefined,
) => { input: Input; output?: Output | undefined } | undefined;

/**
 * The operations that `select` picks can be put in one order, each at some time between its invocation and its
 * completion, in which the model answers to each what it did answer (Herlihy and Wing 1990).
 *
 *     linearizable(register, {
 *       select: ({ kind, input }, outcome) =>
 *         kind === "write" ? { input: { write: input }, output: outcome?.type === "ok" ? null : undefined } : ...
 *     })
 *
 * Times are places in the list of events. The check leaves the event loop free between slices of a few milliseconds.
 */
export function linearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  { select }: { select: Select<Input, Output> },
): Checker {
  return async (history: History, budget: Budget = defaultBudget): Promise<Verdict> => {
    const selected = observe(history, select);
    try {
      return await judge(model, selected, budget);
    } catch (error) {
      if (!(error instanceof ModelFault)) throw error;
      const operation = error.operation === undefined ? "" : ` (operation ${selected[error.operation]!.name})`;
      return { verdict: "unknown", reason: `${error.message}${operation}: a fault of the model, not of the history` };
    }
  };
}

function observe<Input, Output>(history: History, select: Select<Input, Output>): RecordedOperation<Input, Output>[] {
  const recorded = performed(history).flatMap((one): RecordedOperation<Input, Output>[] => {
    const { operation, invoke, completion, completed, outcome } = one;
    const choice = invoke === undefined ? undefined : select(operation, completion, outcome);
    if (choice === undefined) return [];
    const answer = completion?.type === "info" ? undefined : completed;
    const observed = { input: choice.input, output: choice.output, call: invoke!, return: answer };
    return [{ name: operation.id, observed, invoke: invoke!, completion: completed }];
  });
  return recorded.sort((a, b) => a.invoke - b.invoke);
}
