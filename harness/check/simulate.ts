import type { Observed } from "./model.ts";

/** A specification that answers, and how it is used: makes histories that are right. */
export interface Simulation<State, Input, Output> {
  init(): State;
  respond(state: State, input: Input): { state: State; output: Output };
  /** the next input of a client */
  input(random: Random): Input;
  clients: number;
  operations: number;
  /** how often, of 1000, an operation is never answered; half of those take effect all the same */
  lost?: number;
}

/** A whole number from 0 and below n. */
export type Random = (n: number) => number;

/**
 * A linearizable history: clients invoke, the specification answers at some moment in between, clients hear of it. Only
 * one of these happens at a time, whose it is is left to chance; an operation that is lost ends its client's turn.
 */
export function simulate<State, Input, Output>(
  { init, respond, input, clients, operations, lost = 0 }: Simulation<State, Input, Output>,
  random: Random,
): Observed<Input, Output>[] {
  const history: Observed<Input, Output>[] = [];
  const open: ({ operation: Observed<Input, Output>; answer?: Output } | undefined)[] = Array.from({ length: clients });
  let state = init();
  for (let time = 0; history.length < operations || open.some(Boolean); time++) {
    const client = random(clients);
    const own = open[client];
    if (own === undefined) {
      if (history.length === operations) continue;
      const operation = { input: input(random), output: undefined, call: time, return: undefined };
      history.push(operation);
      open[client] = { operation };
    } else if (own.answer === undefined) {
      const isLost = random(1000) < lost;
      if (!isLost || random(2) === 0) {
        const next = respond(state, own.operation.input);
        state = next.state;
        own.answer = next.output;
      }
      if (isLost) open[client] = undefined;
    } else {
      own.operation.output = own.answer;
      own.operation.return = time;
      open[client] = undefined;
    }
  }
  return history;
}

/** Numbers that look random and depend on the seed only (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}
