import { encode } from "../encode.ts";
import { type Model, ModelFault, type Observed } from "../model.ts";
import { describe } from "../words.ts";
import { HashIndex, mix } from "./hash-index.ts";
import type { Memory } from "./memory.ts";
import { Records } from "./records.ts";
import { Texts } from "./texts.ts";

/** States up to this number are taken for those that come again and again. */
const settled = 1024;

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
  readonly #stateTexts: Texts;
  readonly #symbols: Observed<Input, Output>[];
  readonly #symbolTexts: Texts;
  readonly #choices: number[][] = [];
  readonly #known: Records;
  readonly #index: HashIndex;

  /** @param like has numbered the symbols already */
  constructor(model: Model<State, Input, Output>, memory: Memory, like?: Transitions<State, Input, Output>) {
    this.#model = model;
    this.#memory = memory;
    this.#stateTexts = new Texts(memory);
    this.#symbols = like ? like.#symbols : [];
    this.#symbolTexts = like ? like.#symbolTexts : new Texts(memory);
    this.#known = new Records(3, memory);
    this.#index = new HashIndex(memory);
    let initial: State;
    try {
      initial = model.init();
    } catch (error) {
      throw this.#fault(error, undefined, undefined);
    }
    this.#number(initial, undefined, undefined);
  }

  /** The same machine, that has met no state yet but the first. */
  afresh(memory: Memory): Transitions<State, Input, Output> {
    return new Transitions(this.#model, memory, this);
  }

  state(number: number): State {
    return this.#states[number]!;
  }

  /** The number of this input with this output; equal pairs have one number. */
  symbol(operation: Observed<Input, Output>): number {
    const number = this.#symbolTexts.number(encode([operation.input, operation.output]));
    if (number === this.#symbols.length) this.#symbols.push(operation);
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
    const offset = this.#known.offset(record);
    chunk[offset] = state;
    chunk[offset + 1] = symbol;
    chunk[offset + 2] = next;
    this.#index.add(hash, record);
    return next;
  }

  /** Whether the model allows a symbol that only reads. */
  allows(state: number, symbol: number, operation: number): boolean {
    // A state that came late is hardly met twice: remembering would cost more than asking again.
    return (state < settled ? this.next(state, symbol, operation) : this.#ask(state, symbol, operation)) !== refused;
  }

  /** The states behind an answer of `next` that is below `refused`. */
  choices(next: number): readonly number[] {
    return this.#choices[-2 - next]!;
  }

  #ask(state: number, symbol: number, operation: number): number {
    this.asked++;
    const model = this.#model;
    const { input, output } = this.#symbols[symbol]!;
    let states: readonly State[];
    try {
      states = model.step(this.#states[state]!, input, output);
    } catch (error) {
      throw this.#fault(error, operation, symbol);
    }
    if (!Array.isArray(states))
      throw new ModelFault(`the model ${model.name} answered ${String(states)} instead of a list of states`, operation);
    if (states.length === 0) return refused;
    if (states.length === 1 && states[0] === this.#states[state]) return state;
    const numbers: number[] = [];
    for (const next of states) {
      const number = this.#number(next, operation, symbol);
      if (!numbers.includes(number)) numbers.push(number);
      if (number !== state && model.reads?.(input))
        throw new ModelFault(
          `the model ${model.name} says that ${describe(model, input, output)} only reads, and changes the state`,
          operation,
        );
    }
    if (numbers.length === 1) return numbers[0]!;
    this.#choices.push(numbers);
    return -1 - this.#choices.length;
  }

  #number(state: State, operation: number | undefined, symbol: number | undefined): number {
    const model = this.#model;
    let key: string;
    try {
      key = model.key ? model.key(state) : encode(state);
    } catch (error) {
      throw this.#fault(error, operation, symbol);
    }
    const number = this.#stateTexts.number(key);
    if (number === this.#states.length) {
      this.#memory.take(freeze(state));
      this.#states.push(state);
    }
    return number;
  }

  #fault(error: unknown, operation: number | undefined, symbol: number | undefined): ModelFault {
    const { name } = this.#model;
    const asked = symbol === undefined ? undefined : this.#symbols[symbol]!;
    const about = asked ? `about ${describe(this.#model, asked.input, asked.output)}` : "for its first state";
    return new ModelFault(`the model ${name}, asked ${about}, threw ${String(error)}`, operation, error);
  }
}

/** Freezes a value and all in it that is not frozen yet, and says about how many bytes that takes. */
function freeze(value: unknown): number {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return 0;
  Object.freeze(value);
  let bytes = 48;
  if (value instanceof Map || value instanceof Set) bytes += 40 * value.size;
  // A list that was made by adding has room to spare.
  const each = Array.isArray(value) ? 12 : 8;
  for (const item of Object.values(value)) bytes += each + freeze(item);
  return bytes;
}
