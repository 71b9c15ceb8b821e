import { encode } from "../encode.ts";
import type { Model } from "../model.ts";
import { describe, describeState } from "../words.ts";

export interface KeyedInput<Input> {
  key: string;
  input: Input;
}

/** Many independent objects, one for each key, that each follow the model: every key is a partition. */
export function keyed<State, Input, Output>(
  model: Model<State, Input, Output>,
): Model<State, KeyedInput<Input>, Output> {
  const { reads, ...rest } = model;
  return {
    ...rest,
    name: `${model.name} by key`,
    step: (state, { input }, output) => model.step(state, input, output),
    partition: ({ key }) => key,
    ...(reads ? { reads: ({ input }: KeyedInput<Input>) => reads(input) } : {}),
    describe: ({ key, input }, output) => `${key}: ${describe(model, input, output)}`,
  };
}

/**
 * The same as one object that holds a state for each key: it needs no partitioning, and is the harder to check. Its state
 * is a text of two characters for each key, the number of that key's state; the model remembers what it has numbered.
 */
export function together<State, Input, Output>(
  model: Model<State, Input, Output>,
): Model<string, KeyedInput<Input>, Output> {
  const ofKeys = keyed(model);
  const places = new Map<string, number>();
  const states: State[] = [];
  const characters = new Map<string, string>();
  const charactersOf = (state: State): string => {
    const key = model.key ? model.key(state) : encode(state);
    let pair = characters.get(key);
    if (pair === undefined) {
      pair = String.fromCharCode(states.length >>> 16, states.length & 0xffff);
      characters.set(key, pair);
      states.push(state);
    }
    return pair;
  };
  const initial = charactersOf(model.init());
  return {
    name: `${model.name} by key, as one`,
    init: () => "",
    step(all, { key, input }, output) {
      const place = places.get(key) ?? places.size;
      places.set(key, place);
      const known = all.padEnd(2 * place + 2, initial);
      const number = (known.charCodeAt(2 * place) << 16) | known.charCodeAt(2 * place + 1);
      const before = states[number]!;
      const next: string[] = [];
      for (const state of model.step(before, input, output)) {
        if (state === before) next.push(all);
        else next.push(known.slice(0, 2 * place) + charactersOf(state) + known.slice(2 * place + 2));
      }
      return next;
    },
    key: (all) => all,
    describeState(all) {
      const changed = [...places].flatMap(([key, place]) => {
        if (2 * place >= all.length) return [];
        const number = (all.charCodeAt(2 * place) << 16) | all.charCodeAt(2 * place + 1);
        return [`${key}: ${describeState(model, states[number]!)}`];
      });
      return changed.join(", ") || "everything is as it was at first";
    },
    ...(ofKeys.reads ? { reads: ofKeys.reads } : {}),
    ...(ofKeys.describe ? { describe: ofKeys.describe } : {}),
  };
}
