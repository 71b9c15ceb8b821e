import type { Checker } from "../check/index.ts";
import { type HistoryView, type OperationRecord, viewOf } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import { KindDefinition, type KindOptions, plain } from "./definition.ts";
import { OperationDraft } from "./draft.ts";
import type { Violation } from "./violation.ts";

/** What operations of a kind are to a model. */
export interface Modelled<Input, Output> {
  kind: AnyKind;
  /** undefined: none of the model's concern */
  input(one: OperationRecord, view: HistoryView): Input | undefined;
  output(one: OperationRecord): Output | undefined;
}

/** A kind of operation, apart from making one. */
export interface AnyKind<Args = unknown, Result = unknown> {
  readonly definition: KindDefinition;
  is(record: OperationRecord<unknown, unknown>): record is OperationRecord<Args, Result>;
  /** Those of a list that are of this kind. */
  among(records: readonly OperationRecord<unknown, unknown>[]): OperationRecord<Args, Result>[];
  /** The checker that judges every operation of the kind: by the first violation, if there is one. */
  every(judge: (one: OperationRecord<Args, Result>, view: HistoryView) => Violation | false | undefined): Checker;
  /** Whether some operation of the kind is so. */
  some(is: (one: OperationRecord<Args, Result>, view: HistoryView) => boolean): (view: HistoryView) => boolean;
  /** Whether some two operations of the kind, the second invoked after the first, are so. */
  someTwo(
    are: (first: OperationRecord<Args, Result>, second: OperationRecord<Args, Result>, view: HistoryView) => boolean,
  ): (view: HistoryView) => boolean;
  /**
   * What its operations are to a model.
   * @param input undefined for one that is none of the model's concern
   * @param output what it answered, as the model says it; by default its result
   */
  as<Input>(input: InputOf<Args, Result, Input>): Modelled<Input, Result>;
  as<Input, Output>(
    input: InputOf<Args, Result, Input>,
    output: (result: Result) => Output | undefined,
  ): Modelled<Input, Output>;
}
type InputOf<Args, Result, Input> = (one: OperationRecord<Args, Result>, view: HistoryView) => Input | undefined;

/** A kind of operation. Called with arguments it makes one: for a scenario, an audit, or a release. */
export interface Kind<Args = Json, Result = Json> extends AnyKind<Args, Result> {
  (args: Args): OperationDraft;
}

export type RecordOf<K> = K extends AnyKind<infer Args, infer Result> ? OperationRecord<Args, Result> : never;
export type ArgsOf<K> = K extends AnyKind<infer Args, unknown> ? Args : never;

/**
 * Declares a kind of operation, in the words of the pattern.
 *
 *     const reserve = operation({
 *       args: fc.record({ product: fc.constantFrom("@p1", "@p2"), reservation: fc.constantFrom("@r1", "@r2") }),
 *       request: ({ product, reservation }) => ({ call: "product/reserve", key: product, idempotencyKey: reservation }),
 *       answer: z.boolean(),
 *     });
 */
export function operation<Args, Result = Json>(options: KindOptions<Args, Result>): Kind<Args, Result> {
  return kindOf(new KindDefinition(options));
}

/** The kind of a definition. */
export function kindOf<Args, Result>(definition: KindDefinition<Args, Result>): Kind<Args, Result> {
  const is = (record: OperationRecord<unknown, unknown>): record is OperationRecord<Args, Result> =>
    record.kind === definition.name;
  const among = (records: readonly OperationRecord<unknown, unknown>[]) => records.filter(is);
  const as = <Input, Output>(
    input: InputOf<Args, Result, Input>,
    output?: (result: Result) => Output | undefined,
  ): Modelled<Input, Output | Result> => ({
    kind: queries,
    input: (one, view) => (is(one) ? input(one, view) : undefined),
    output(one) {
      if (!is(one) || one.result === undefined) return undefined;
      return output ? output(one.result) : one.result;
    },
  });
  const queries: AnyKind<Args, Result> = {
    definition: definition as KindDefinition,
    is,
    among,
    every: (judge) => (history) => {
      const view = viewOf(history);
      for (const one of among(view.operations)) {
        const violation = judge(one, view);
        if (violation) return { verdict: "invalid", evidence: violation };
      }
      return { verdict: "valid" };
    },
    some: (test) => (view) => among(view.operations).some((one) => test(one, view)),
    someTwo: (test) => (view) => {
      const all = among(view.operations);
      return all.some((second, index) => all.slice(0, index).some((first) => test(first, second, view)));
    },
    as: as as AnyKind<Args, Result>["as"],
  };
  return Object.assign((args: Args) => new OperationDraft(definition as KindDefinition, plain(args)), queries);
}
