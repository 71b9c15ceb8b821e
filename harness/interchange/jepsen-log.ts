import { UnusableHistory } from "../history/index.ts";
import { EdnError, EdnReader } from "./edn.ts";
import { type JepsenEvent, type JepsenHistory, JepsenReader } from "./jepsen.ts";
import { jsonOfEdn } from "./jepsen-edn.ts";

/**
 * Reads a history from a log of Jepsen: lines that end in `process, :type, :f, value` and perhaps an error, parted by
 * tabs or blanks, after whatever the logger puts in front. Lines that hold no event are passed over.
 * @throws UnusableHistory, naming the line
 */
export function readJepsenLog(text: string): JepsenHistory {
  const history = new JepsenReader();
  text.split("\n").forEach((content, at) => {
    const match = event.exec(content.trimEnd());
    if (match) history.add(eventOf(match, at + 1), at + 1);
    else if (prefix.test(content)) throw new UnusableHistory("an event that is cut off", at + 1);
  });
  return history;
}

/** Writes a history as such a log. Times and keys have no place in it. */
export function writeJepsenLog(events: readonly JepsenEvent[], print: (value: JepsenEvent["value"]) => string): string {
  return events
    .map(({ type, process, f, value, error }) => {
      const fields = [process, `:${type}`, `:${f}`, print(value)];
      if (error !== undefined) fields.push(print(error));
      return `INFO  jepsen.util - ${fields.join("\t")}\n`;
    })
    .join("");
}

const event = /(?:^|\s)(\d+|:\S+)\s+:(invoke|ok|fail|info)\s+:(\S+)\s+(\S.*)$/;
const prefix = /jepsen\.util(?::| -)\s*(?:\d+|:\S+)(?:\s|$)/;

function eventOf([, process, type, f, rest]: RegExpExecArray, line: number): JepsenEvent {
  try {
    const elements = new EdnReader(rest!);
    const value = elements.read();
    const error = elements.position < rest!.length ? elements.read() : undefined;
    if (elements.position < rest!.length) throw new UnusableHistory("more than a value and an error", line);
    return {
      type: type as JepsenEvent["type"],
      process: process!.startsWith(":") ? process! : Number(process),
      f: f!,
      value: jsonOfEdn(value),
      ...(error === undefined ? {} : { error: jsonOfEdn(error) }),
    };
  } catch (problem) {
    if (problem instanceof EdnError) throw new UnusableHistory(problem.message, line);
    throw problem;
  }
}
