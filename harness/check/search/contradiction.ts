import type { Model, Observed } from "../model.ts";
import { Memory, OutOfMemory } from "./memory.ts";
import { PartitionSearch } from "./partition-search.ts";
import type { Violation } from "./search.ts";

/** What of an operation is part of a contradiction. */
export interface Part {
  /** as the caller numbers it */
  operation: number;
  /** that it was not invoked earlier */
  call: boolean;
  /** that it took effect, by then, with this output */
  return: boolean;
}

export interface Contradiction {
  /** by time of invocation */
  parts: Part[];
  /** nothing of it can be left out; false when time or memory ran out before that was known */
  minimal: boolean;
}

/** What one attempt to leave something out may cost, in steps, beyond what the violation itself took. */
const patience = 100_000;
const mostPatience = 4_000_000;
/** Up to so many operations, what is left is looked at event by event. */
const few = 16;

/**
 * The part of a violation that is one by itself, whatever happened besides: a smallest set of invocations and answers.
 *
 * What is left out is not taken away but set free. An operation whose answer is left out may have taken effect with any
 * result, or never; one whose invocation is left out may have done so at any time. That only ever allows more, so that
 * leaving out one thing after the other, as long as the rest is still a violation, ends in a set of which nothing can be
 * left out (deletion-based minimization, Dershowitz et al. 2006), and large parts can be tried first (Zeller's ddmin).
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
  const numbers = [...violation.operations];
  const end = operations[violation.blocked]!.return ?? Number.POSITIVE_INFINITY;
  const parts = numbers.map((operation): Part => {
    const { call, output, return: answer } = operations[operation]!;
    // What was invoked after the answer that no order can pass is no part of it, unless by having been invoked so late.
    return { operation, call: true, return: call <= end && (answer !== undefined || output !== undefined) };
  });
  const work = Math.min(mostPatience, patience + 2 * violation.work);
  let complete = true;

  function* holdsWith(changed: ReadonlyMap<Part, Part>): Generator<void, boolean> {
    const freed = parts.map((part) => free(operations[part.operation]!, changed.get(part) ?? part));
    const search = new PartitionSearch(model, freed, numbers, new Memory(bytes));
    try {
      while (!isOver() && search.work < work) {
        const linearizable = search.run(Math.min(work, 4096), isOver);
        if (linearizable !== undefined) return !linearizable;
        yield;
      }
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
    }
    complete = false;
    return false;
  }

  function* leaveOut(candidates: Part[], change: (part: Part) => Part): Generator<void, void> {
    let left = candidates;
    for (
      let size = Math.ceil(left.length / 2);
      size >= 1 && left.length > 0;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      const needed: Part[] = [];
      for (let at = 0; at < left.length; at += size) {
        const some = left.slice(at, at + size);
        const changed = new Map(some.map((part) => [part, change(part)]));
        if (yield* holdsWith(changed)) for (const part of some) Object.assign(part, changed.get(part));
        else needed.push(...some);
        if (isOver()) {
          complete = false;
          return;
        }
      }
      left = needed;
    }
  }

  const isRead = ({ operation }: Part) => model.reads?.(operations[operation]!.input) ?? false;
  // First what is furthest from where it went wrong.
  const answered = parts
    .filter((part) => part.return)
    .sort((a, b) => distance(operations[b.operation]!, end) - distance(operations[a.operation]!, end));
  const nothing = (part: Part): Part => ({ ...part, call: false, return: false });
  yield* leaveOut(answered.filter(isRead), nothing);
  yield* leaveOut(
    answered.filter((part) => !isRead(part)),
    nothing,
  );
  yield* leaveOut(
    parts.filter((part) => part.call && !part.return),
    (part) => ({ ...part, call: false }),
  );
  if (parts.filter((part) => part.return).length <= few) {
    yield* leaveOut(
      parts.filter((part) => part.return),
      (part) => ({ ...part, return: false }),
    );
    yield* leaveOut(
      parts.filter((part) => part.call),
      (part) => ({ ...part, call: false }),
    );
  } else complete = false;
  return { parts: parts.filter((part) => part.call || part.return), minimal: complete };
}

function distance<Input, Output>(operation: Observed<Input, Output>, end: number): number {
  return Math.abs(end - (operation.return ?? operation.call));
}

function free<Input, Output>(operation: Observed<Input, Output>, part: Part): Observed<Input, Output> {
  const call = part.call ? operation.call : Number.NEGATIVE_INFINITY;
  return part.return ? { ...operation, call } : { input: operation.input, output: undefined, call, return: undefined };
}
