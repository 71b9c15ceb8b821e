import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { bundleFolder } from "../../bundle.ts";

/**
 * The innermost place of a stack trace that is in a bundle, in terms of its sources: "src/sagas/booking.ts:12".
 * Undefined when there is none.
 */
export function placeOf(stack: string): string | undefined {
  for (const line of stack.split("\n")) {
    const [, file, row, column] = /\(?((?:\/|[A-Za-z]:\\)[^():]+\.cjs):(\d+):(\d+)\)?$/.exec(line) ?? [];
    if (file?.startsWith(bundleFolder)) return original(file, Number(row), Number(column));
  }
  return undefined;
}

/** The place of the services that is on the stack now, in terms of their sources; undefined when there is none. */
export function placeHere(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const place = placeOf(new Error().stack ?? "");
  Error.stackTraceLimit = limit;
  return place;
}

/** Where an error was made, in terms of the sources of the services; undefined when its stack was not recorded. */
export const placeOfError = (error: unknown): string | undefined =>
  error instanceof Error && error.stack !== undefined ? placeOf(error.stack) : undefined;

/** By the source map that the bundle carries. */
function original(file: string, row: number, column: number): string {
  const place = `${file}:${row}`;
  try {
    const [, encoded] =
      /sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/.exec(readFileSync(file, "utf8")) ?? [];
    if (!encoded) return place;
    const map = new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString()));
    const entry = map.findEntry(row - 1, column - 1);
    return "originalSource" in entry ? `${entry.originalSource}:${entry.originalLine + 1}` : place;
  } catch {
    return place; // a place to look at is better than none
  }
}
