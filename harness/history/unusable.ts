/** A history that cannot be judged: it is cut off, contradicts itself, or is out of order. `line` counts from 1. */
export class UnusableHistory extends Error {
  override readonly name = "UnusableHistory";
  readonly line: number | undefined;
  constructor(problem: string, line?: number) {
    super(line === undefined ? problem : `line ${line}: ${problem}`);
    this.line = line;
  }
}
