import { type Checker, defaultBudget, judge, type Model, ModelFault, type RecordedOperation } from "../check/index.ts";
import { type HistoryView, viewOf } from "../history/index.ts";
import type { Modelled } from "./kind.ts";

/**
 * The operations can be put in one order, each at some time between its invocation and its completion, in which the
 * model answers to each what it did answer (Herlihy and Wing 1990). Duplicates of one request are one operation. What
 * definitely failed did not happen. What is unknown may happen at any later time or never; unless it was learned after the
 * fact how it ended: then it did happen at some time.
 *
 *     linearizable(stickyRegister, [
 *       reserve.as(({ args }) => ({ product: args.product, reserve: args.reservation })),
 *       status.as(({ args }) => ({ product: args.product })),
 *     ])
 *
 * Times are places in the list of events. The check leaves the event loop free between slices of a few milliseconds.
 */
export function linearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  kinds: readonly Modelled<Input, Output>[],
): Checker {
  return async (history, budget = defaultBudget) => {
    const recorded = observe(viewOf(history), model, kinds);
    try {
      return await judge(model, recorded, budget);
    } catch (error) {
      if (!(error instanceof ModelFault)) throw error;
      const operation = error.operation === undefined ? "" : ` (operation ${recorded[error.operation]?.name})`;
      return { verdict: "unknown", reason: `${error.message}${operation}: a fault of the model, not of the history` };
    }
  };
}

function observe<State, Input, Output>(
  view: HistoryView,
  model: Model<State, Input, Output>,
  kinds: readonly Modelled<Input, Output>[],
): RecordedOperation<Input, Output>[] {
  return view.requests.flatMap((one): RecordedOperation<Input, Output>[] => {
    const modelledKind = one.outcome === "fail" ? undefined : kinds.find(({ kind }) => kind.is(one));
    const input = modelledKind?.input(one, view);
    if (modelledKind === undefined || input === undefined) return [];
    const output = modelledKind.output(one);
    // one that changes nothing, and of which nobody knows the answer, says nothing
    if (output === undefined && model.reads?.(input)) return [];
    const answered = Number.isFinite(one.completed) ? one.completed : undefined;
    return [
      {
        name: `${one.id}`,
        observed: { input, output, call: one.invoked, return: answered },
        invoke: one.invoked,
        completion: Number.isFinite(one.left) ? one.left : undefined,
      },
    ];
  });
}
