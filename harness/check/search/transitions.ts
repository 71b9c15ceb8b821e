import { encode } from "../encode.ts";
import { type Model, ModelFault, type Observed } from "../model.ts";
import { HashIndex, mix } from "./hash-index.ts";
import type { Memory } from "./memory.ts";
import { Records } from "./records.ts";

/** `next`: the model does not allow it. */
export const refused = -1;

/**
 * A model, as a machine over integers: states and (input, output) pairs are numbered, and each step is asked of the
 * model once. State 0 is the initial one.
 */
export class Transitions<State, Input, Output> {
  /** counts the questions put to the model, so that a search can tell a cheap step from a dear one */
  asked = 0;
  readonly #model: Model<State, Input, Output>;
  readonly #memory: Memory;
  readonly #states: State[] = [];
  readonly #stateNumbers = new Map<string, number>();
  readonly #symbols: Observed<Input, Output>[] = [];
  readonly #symbolNumbers = new Map<string, number>();
  readonly #choices: number[][] = [];
  readonly #known: Records;
  readonly #index: HashIndex;

  constructor(model: Model<State, Input, Output>, memory: Memory) {
    this.#model = model;
    this.#memory = memory;
    this.#known = new Records(3, memory);
    this.#index = new HashIndex(memory);
    this.#number(
      guard(model, undefined, undefined, () => model.init()),
      undefined,
      undefined,
    );
  }

  state(number: number): State {
    return this.#states[number]!;
  }

  /** The number of this input with this output; equal pairs have one number. */
  symbol(operation: Observed<Input, Output>): number {
    const key = encode([operation.input, operation.output]);
    let number = this.#symbolNumbers.get(key);
    if (number === undefined) {
      number = this.#symbols.length;
      this.#memory.take(2 * key.length + 100);
      this.#symbols.push(operation);
      this.#symbolNumbers.set(key, number);
    }
    return number;
  }

  /**
   * Where the symbol leads from the state: `refused`, or the number of the one state that it leads to, or (below
   * `refused`) several, to be had from `choices`. `operation` is named when the model fails.
   */
  next(state: number, symbol: number, operation: number): number {
    const hash = mix(mix(0, state), symbol);
    for (let i = this.#index.find(hash); i >= 0; i = this.#index.next()) {
      const chunk = this.#known.chunk(i);
      const offset = this.#known.offset(i);
      if (chunk[offset] === state && chunk[offset + 1] === symbol) return chunk[offset + 2]!;
    }
    const next = this.#ask(state, symbol, operation);
    const record = this.#known.push();
    const chunk = this.#known.chunk(record);
    chunk.set([state, symbol, next], this.#known.offset(record));
    this.#index.add(hash, record);
    return next;
  }

  /** The states behind an answer of `next` that is below `refused`. */
  choices(next: number): readonly number[] {
    return this.#choices[-2 - next]!;
  }

  #ask(state: number, symbol: number, operation: number): number {
    this.asked++;
    const model = this.#model;
    const { input, output } = this.#symbols[symbol]!;
    const states = guard(model, operation, this.#symbols[symbol], () =>
      model.step(this.#states[state]!, input, output),
    );
    if (!Array.isArray(states))
      throw new ModelFault(`the model ${model.name} answered ${String(states)} instead of a list of states`, operation);
    const numbers = [...new Set(states.map((next) => this.#number(next, operation, this.#symbols[symbol])))];
    if (model.reads?.(input) && numbers.some((number) => number !== state))
      throw new ModelFault(
        `the model ${model.name} says that ${describe(model, input, output)} only reads, and changes the state`,
        operation,
      );
    if (numbers.length === 0) return refused;
    if (numbers.length === 1) return numbers[0]!;
    this.#choices.push(numbers);
    return -1 - this.#choices.length;
  }

  #number(state: State, operation: number | undefined, symbol: Observed<Input, Output> | undefined): number {
    const model = this.#model;
    const key = guard(model, operation, symbol, () => (model.key ? model.key(state) : encode(state)));
    let number = this.#stateNumbers.get(key);
    if (number === undefined) {
      number = this.#states.length;
      this.#memory.take(2 * key.length + 150);
      this.#states.push(freeze(state));
      this.#stateNumbers.set(key, number);
    }
    return number;
  }
}

function guard<State, Input, Output, T>(
  model: Model<State, Input, Output>,
  operation: number | undefined,
  symbol: Observed<Input, Output> | undefined,
  question: () => T,
): T {
  try {
    return question();
  } catch (error) {
    const asked = symbol ? `asked about ${describe(model, symbol.input, symbol.output)}` : "asked for its first state";
    throw new ModelFault(`the model ${model.name}, ${asked}, threw ${String(error)}`, operation, error);
  }
}

/** An operation in words: as the model says it, else as JSON. */
export function describe<State, Input, Output>(
  model: Model<State, Input, Output>,
  input: Input,
  output: Output | undefined,
): string {
  if (model.describe) return model.describe(input, output);
  return `${JSON.stringify(input)} -> ${output === undefined ? "?" : JSON.stringify(output)}`;
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freeze(item);
  }
  return value;
}
