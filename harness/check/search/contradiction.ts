import type { Model, Observed } from "../model.ts";
import { Memory, OutOfMemory } from "./memory.ts";
import { PartitionSearch } from "./partition-search.ts";
import type { Violation } from "./search.ts";

export interface Contradiction {
  /** the operations whose answers contradict each other, as the caller numbers them, in the caller's order */
  operations: number[];
  /** none of them can be left out; false when time or memory ran out before that was known */
  minimal: boolean;
}

/** What one attempt to leave something out may cost, in steps, beyond what the violation itself took. */
const patience = 4_000_000;
const mostPatience = 16_000_000;

/**
 * The part of a violation that is one by itself, whatever happened besides: a smallest set of answers.
 *
 * An answer that is left out is not taken away but set free: its operation may have taken effect at any time after it was
 * invoked, with any result, or never. That only ever allows more. So when one after the other is left out, as long as
 * the rest is still a violation, what remains is a set of which none can be left out (deletion-based minimization), and
 * large parts can be tried first (Zeller and Hildebrandt's ddmin, 2002).
 *
 * It yields now and then; once `isOver` says so, it ends with what it has.
 */
export function* contradiction<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Observed<Input, Output>[],
  violation: Violation,
  bytes: number,
  isOver: () => boolean,
): Generator<void, Contradiction> {
  const end = operations[violation.blocked]!.return ?? Number.POSITIVE_INFINITY;
  // What was invoked after the answer that no order can pass has no part in it, but may matter to what overlaps that.
  const early = violation.operations.filter(
    (number) => operations[number]!.call <= end && isAnswered(operations[number]!),
  );
  const horizon = early.reduce(
    (latest, number) => Math.max(latest, operations[number]!.return ?? Number.POSITIVE_INFINITY),
    end,
  );
  const numbers = violation.operations.filter((number) => operations[number]!.call <= horizon);
  const work = Math.min(mostPatience, patience + 2 * violation.work);
  let kept: ReadonlySet<number> = new Set(early);
  let minimal = true;

  function* isViolation(answers: ReadonlySet<number>): Generator<void, boolean> {
    const freed = numbers.map((number) => (answers.has(number) ? operations[number]! : free(operations[number]!)));
    const search = new PartitionSearch(model, freed, numbers, new Memory(bytes));
    try {
      while (!isOver() && search.work < work) {
        const linearizable = search.run(4096, isOver);
        if (linearizable !== undefined) return !linearizable;
        yield;
      }
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
    }
    minimal = false;
    return false;
  }

  function* leaveOut(candidates: number[]): Generator<void, void> {
    let left = candidates;
    for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      const needed: number[] = [];
      for (let at = 0; at < left.length; at += size) {
        const some = left.slice(at, at + size);
        const rest = new Set([...kept].filter((number) => !some.includes(number)));
        if (yield* isViolation(rest)) kept = rest;
        else needed.push(...some);
        if (isOver()) return;
      }
      left = needed;
    }
  }

  const isRead = (number: number) => model.reads?.(operations[number]!.input) ?? false;
  // Reads first: one that is set free is gone, and makes the next attempts cheaper. And first what is furthest away.
  const distance = (number: number) => Math.abs(end - (operations[number]!.return ?? operations[number]!.call));
  const byDistance = [...kept].sort((a, b) => distance(b) - distance(a));
  yield* leaveOut(byDistance.filter(isRead));
  yield* leaveOut(byDistance.filter((number) => !isRead(number)));
  return { operations: numbers.filter((number) => kept.has(number)), minimal: minimal && !isOver() };
}

function isAnswered<Input, Output>({ return: answer, output }: Observed<Input, Output>): boolean {
  return answer !== undefined || output !== undefined;
}

function free<Input, Output>({ input, call }: Observed<Input, Output>): Observed<Input, Output> {
  return { input, output: undefined, call, return: undefined };
}
