import { encode } from "../encode.ts";
import type { Model } from "../model.ts";

export interface KeyedInput<Input> {
  key: string;
  input: Input;
}

/** Many independent objects, one for each key, that each follow the model: every key is a partition. */
export function keyed<State, Input, Output>(
  model: Model<State, Input, Output>,
): Model<State, KeyedInput<Input>, Output> {
  const { reads, describe, ...rest } = model;
  return {
    ...rest,
    name: `${model.name} by key`,
    step: (state, { input }, output) => model.step(state, input, output),
    partition: ({ key }) => key,
    ...(reads ? { reads: ({ input }: KeyedInput<Input>) => reads(input) } : {}),
    describe({ key, input }, output) {
      return `${key}: ${describe ? describe(input, output) : `${JSON.stringify(input)} -> ${JSON.stringify(output)}`}`;
    },
  };
}

/**
 * The same as one object that holds a state for each key: it needs no partitioning, and is the harder to check. Its state
 * lists, by key, the numbers of the states of the keys; the model remembers what it has numbered.
 */
export function together<State, Input, Output>(
  model: Model<State, Input, Output>,
): Model<readonly number[], KeyedInput<Input>, Output> {
  const { reads, describe } = keyed(model);
  const places = new Map<string, number>();
  const states: State[] = [];
  const numbers = new Map<string, number>();
  const number = (state: State): number => {
    const key = model.key ? model.key(state) : encode(state);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, states.length);
    return states.push(state) - 1;
  };
  const initial = number(model.init());
  return {
    name: `${model.name} by key, as one`,
    init: () => [],
    step(all, { key, input }, output) {
      const place = placeOf(places, key);
      const before = all[place] ?? initial;
      return model.step(states[before]!, input, output).map((state) => {
        const after = number(state);
        if (after === before) return all;
        const next = all.slice();
        while (next.length < place) next.push(initial);
        next[place] = after;
        return next;
      });
    },
    key: (all) => all.join(),
    ...(reads ? { reads } : {}),
    ...(describe ? { describe } : {}),
  };
}

/** The place of a key in the list, the next free one when it is new. */
function placeOf(places: Map<string, number>, key: string): number {
  const place = places.get(key) ?? places.size;
  places.set(key, place);
  return place;
}
