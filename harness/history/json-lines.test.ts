import { expect, test } from "vitest";
import { readHistory, UnusableHistory, validateHistory, writeHistory } from "./index.ts";
import { history } from "./testing.ts";

test("a history survives JSON lines", () => {
  expect(readHistory(writeHistory(history))).toEqual(history);
});

const lines = writeHistory(history).split("\n");
const bad: [string, string[], number][] = [
  ["cut off in a line", [...lines.slice(0, 4), lines[4]!.slice(0, 9)], 5],
  ["without its end", lines.slice(0, 5), 5],
  ["without its beginning", lines.slice(1), 1],
  ["with a completion before its invoke", lines.toSpliced(1, 1), 2],
  ["with an invoke twice", lines.toSpliced(2, 0, lines[1]!), 3],
  ["with a client that does two things at once", [lines[0]!, lines[1]!, lines[4]!, ...lines.slice(5)], 3],
  ["with time going back", lines.toSpliced(3, 0, '{"type":"recovery","at":0.5}'), 4],
  ["of an operation that nobody knows", lines.toSpliced(1, 0, '{"type":"invoke","at":0,"operation":"o9"}'), 2],
  ["with an event of no known type", lines.toSpliced(1, 0, '{"type":"miracle","at":0}'), 2],
];

test.each(bad)("a history %s is refused, naming the line", (_, changed, line) => {
  expect(() => readHistory(changed.join("\n"))).toThrow(UnusableHistory);
  expect(() => readHistory(changed.join("\n"))).toThrow(new RegExp(`^line ${line}: `));
});

test("so is one in memory, naming the event", () => {
  validateHistory(history);
  expect(() => validateHistory({ ...history, events: history.events.slice(1) })).toThrow(/^line 1: o1 completes/);
});
