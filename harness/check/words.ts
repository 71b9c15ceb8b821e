import { encode } from "./encode.ts";
import type { Model } from "./model.ts";

/** An operation in words: as the model says it, else as JSON. */
export function describe<State, Input, Output>(
  model: Model<State, Input, Output>,
  input: Input,
  output: Output | undefined,
): string {
  if (model.describe) return model.describe(input, output);
  return `${JSON.stringify(input)} -> ${output === undefined ? "?" : JSON.stringify(output)}`;
}

/** A state in words: as the model says it, else its canonical text. */
export function describeState<State, Input, Output>(model: Model<State, Input, Output>, state: State): string {
  if (model.describeState) return model.describeState(state);
  return `the state is ${model.key ? model.key(state) : encode(state)}`;
}
