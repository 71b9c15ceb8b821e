/**
 * A sequential specification: what one object does when its operations come one after the other.
 *
 * States are values that are never changed in place (they are frozen once the search has seen them).
 */
export interface Model<State, Input, Output> {
  /** for messages: "register" */
  readonly name: string;
  init(): State;
  /**
   * The states that the object may be in after it answered `output` to `input`: none when it cannot answer that, more
   * than one when the specification leaves a choice. `output` is undefined when the answer is not known: then every
   * answer counts, and the states are those that any of them leads to.
   */
  step(state: State, input: Input, output: Output | undefined): readonly State[];
  /** Operations with different partitions never concern each other: each partition is a history of its own. */
  partition?(input: Input): string;
  /**
   * True for inputs that never change the state, whatever it is: then `step` is `[]` or the same state. It is only a
   * help: the search need not try a read at every place where it would fit.
   */
  reads?(input: Input): boolean;
  /** A text that two states share only if they are equal; by default a canonical text of the value (see `encode`). */
  key?(state: State): string;
  /** For people: "write(3)", "read() -> 3"; by default input and output as JSON. */
  describe?(input: Input, output: Output | undefined): string;
  /** For people: "the register holds 3"; by default the state as JSON. */
  describeState?(state: State): string;
}

/** A model threw, or answered what a model may not answer: its fault, not the history's. */
export class ModelFault extends Error {
  override readonly name = "ModelFault";
  /** position, in what was given to the search, of the operation that the model was asked about; absent for `init` */
  readonly operation: number | undefined;
  constructor(message: string, operation: number | undefined, cause?: unknown) {
    super(message, { cause });
    this.operation = operation;
  }
}

/** One operation as an observer saw it, for one model. Times are on any one scale; intervals are closed. */
export interface Observed<Input, Output> {
  input: Input;
  /** what it answered; undefined when that is not known */
  output: Output | undefined;
  /** when it was invoked */
  call: number;
  /**
   * When it had answered; undefined when it never did. Without an answer and without an output it may take effect at
   * any time after its invocation, or never. With an output all the same (learned after the fact) it does take effect.
   */
  return: number | undefined;
}
