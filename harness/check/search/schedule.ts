import type { Observed } from "../model.ts";
import type { Memory } from "./memory.ts";
import type { Transitions } from "./transitions.ts";

/** How many operations are worked on between two looks at the clock. */
const portion = 1024;

/**
 * The operations of one partition, laid out for the search.
 *
 * Those that must take effect (they answered, or their effect is known) are met in the order of their answers; `round`
 * r is the time just before the r-th answer. In each round the search may choose among the operations that were
 * invoked by then and had not answered before: the round's *window*. Every operation has a *slot*, which it shares with
 * no other operation in any of its windows; so a set of operations of a window is a few bits, however long the history.
 *
 * Those that may or may not take effect are put together by symbol: of equal ones the earliest invoked may always go
 * first.
 */
export interface Schedule {
  rounds: number;
  slots: number;
  /** the window of round r: entries from windowStart[r] up to windowStart[r + 1], earliest answer first */
  windowStart: Int32Array;
  /** for each entry of a window: the operation, ... */
  windowOperation: Int32Array;
  /** ... and the slot of the nearest operation before it in the window with the same symbol, or -1: that one goes first */
  windowTwin: Int32Array;
  slot: Int32Array;
  symbol: Int32Array;
  /** 1 for an operation that never changes the state */
  reads: Uint8Array;
  hasReads: boolean;
  classes: OptionalClass[];
}

/** Operations of one symbol that may or may not have taken effect. */
export interface OptionalClass {
  symbol: number;
  /** by invocation */
  operations: number[];
  /** from which round on each of them may take effect */
  from: number[];
}

/**
 * Lays out operations. It yields now and then, so that the caller may do something else in between.
 * @param isRead whether an operation never changes the state
 * @throws RangeError for an operation that ends before it begins
 */
export function* schedule<Input, Output>(
  operations: readonly Observed<Input, Output>[],
  transitions: Transitions<unknown, Input, Output>,
  isRead: (operation: Observed<Input, Output>) => boolean,
  memory: Memory,
): Generator<void, Schedule> {
  const count = operations.length;
  memory.take(count * 40);
  const symbol = new Int32Array(count);
  const reads = new Uint8Array(count);
  const required: number[] = [];
  const optional: number[] = [];
  for (let i = 0; i < count; i++) {
    const operation = operations[i]!;
    if (!(operation.call <= (operation.return ?? Number.POSITIVE_INFINITY)))
      throw new RangeError(`an operation answered at ${operation.return}, before it was invoked at ${operation.call}`);
    symbol[i] = transitions.symbol(operation);
    reads[i] = isRead(operation) ? 1 : 0;
    if (operation.return !== undefined || operation.output !== undefined) required.push(i);
    else if (reads[i] === 0) optional.push(i);
    if (i % portion === 0) yield;
  }
  const call = (i: number) => operations[i]!.call;
  const end = (i: number) => operations[i]!.return ?? Number.POSITIVE_INFINITY;
  const byCall = sorted(required, call);
  const byReturn = sorted(required, end);
  yield;
  const entries = yield* entriesOf(byCall.map(call), byReturn.map(end));
  const windows = yield* windowsOf(byCall, byReturn, entries, symbol, memory);
  const from = (i: number) => firstRound(byReturn, end, call(i));
  const classes = classify(sorted(optional, call), symbol, from, byReturn.length);
  return { rounds: byReturn.length, ...windows, symbol, reads, hasReads: reads.includes(1), classes };
}

/** How many of the operations were invoked by the end of each round: intervals are closed, so that equal times overlap. */
function* entriesOf(calls: readonly number[], ends: readonly number[]): Generator<void, Int32Array> {
  const entries = new Int32Array(ends.length);
  for (let r = 0, next = 0; r < ends.length; r++) {
    while (next < calls.length && calls[next]! <= ends[r]!) next++;
    entries[r] = next;
    if (r % portion === 0) yield;
  }
  return entries;
}

function* windowsOf(
  byCall: readonly number[],
  byReturn: readonly number[],
  entries: Int32Array,
  symbol: Int32Array,
  memory: Memory,
): Generator<void, Pick<Schedule, "slots" | "windowStart" | "windowOperation" | "windowTwin" | "slot">> {
  const rounds = byReturn.length;
  const turn = new Int32Array(symbol.length);
  const windowStart = new Int32Array(rounds + 1);
  for (let r = 0; r < rounds; r++) {
    turn[byReturn[r]!] = r;
    // Of those invoked by then, one has answered in each round before.
    windowStart[r + 1] = windowStart[r]! + entries[r]! - r;
  }
  const total = windowStart[rounds]!;
  memory.take(total * 8);
  const windowOperation = new Int32Array(total);
  const windowTwin = new Int32Array(total).fill(-1);
  const slot = new Int32Array(symbol.length).fill(-1);
  const free: number[] = [];
  const window: number[] = [];
  const nearest = new Map<number, number>();
  let slots = 0;
  for (let r = 0, next = 0; r < rounds; r++) {
    for (; next < entries[r]!; next++) {
      const entering = byCall[next]!;
      slot[entering] = free.pop() ?? slots++;
      let at = window.length;
      while (at > 0 && turn[window[at - 1]!]! > turn[entering]!) at--;
      window.splice(at, 0, entering);
    }
    nearest.clear();
    for (let k = 0; k < window.length; k++) {
      const operation = window[k]!;
      windowOperation[windowStart[r]! + k] = operation;
      windowTwin[windowStart[r]! + k] = nearest.get(symbol[operation]!) ?? -1;
      nearest.set(symbol[operation]!, slot[operation]!);
    }
    free.push(slot[window.shift()!]!);
    if (r % portion === 0) yield;
  }
  return { slots, windowStart, windowOperation, windowTwin, slot };
}

/** Sorts by a time; equal times keep their order. What is sorted already is only looked at. */
function sorted(operations: readonly number[], time: (operation: number) => number): number[] {
  const copy = [...operations];
  if (copy.some((operation, k) => k > 0 && time(operation) < time(copy[k - 1]!)))
    copy.sort((a, b) => {
      const [left, right] = [time(a), time(b)];
      return left < right ? -1 : left > right ? 1 : 0;
    });
  return copy;
}

/** The first round whose answer comes no earlier than the given time. */
function firstRound(byReturn: readonly number[], end: (operation: number) => number, time: number): number {
  let low = 0;
  let high = byReturn.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (end(byReturn[middle]!) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function classify(
  optional: readonly number[],
  symbol: Int32Array,
  from: (operation: number) => number,
  rounds: number,
): OptionalClass[] {
  const classes = new Map<number, OptionalClass>();
  for (const operation of optional) {
    const round = from(operation);
    if (round === rounds) continue;
    let own = classes.get(symbol[operation]!);
    if (own === undefined) {
      own = { symbol: symbol[operation]!, operations: [], from: [] };
      classes.set(own.symbol, own);
    }
    own.operations.push(operation);
    own.from.push(round);
  }
  return [...classes.values()].sort((a, b) => a.from[0]! - b.from[0]!);
}
