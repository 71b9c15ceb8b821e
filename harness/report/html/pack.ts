/** A stretch of rows, both ends included; without `to` it goes on for ever. */
export interface Interval {
  from: number;
  to?: number;
}

/**
 * Puts intervals side by side so that no two in one column overlap, with as few columns as possible: greedy colouring
 * of an interval graph in the order of beginnings. Gives the column of each interval, from 0, in the order given.
 */
export function pack(intervals: readonly Interval[]): number[] {
  const columns = new Array<number>(intervals.length).fill(0);
  /** the last row taken, per column */
  const taken: number[] = [];
  const byBeginning = intervals.map((_, index) => index).sort((a, b) => intervals[a]!.from - intervals[b]!.from);
  for (const index of byBeginning) {
    const { from, to } = intervals[index]!;
    const free = taken.findIndex((row) => row < from);
    const column = free < 0 ? taken.length : free;
    taken[column] = to ?? Number.POSITIVE_INFINITY;
    columns[index] = column;
  }
  return columns;
}
