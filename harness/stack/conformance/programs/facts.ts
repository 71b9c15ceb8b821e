import { isCommand, MessageType } from "../../../protocol/index.ts";
import type { Execution } from "../compare.ts";
import type { RecordedAttempt } from "../recorder.ts";
import type { ProgramAnswer } from "./script.ts";

const COMMANDS: ReadonlySet<string> = new Set(
  Object.entries(MessageType)
    .filter(([name, type]) => isCommand(type) && name !== "Input")
    .map(([name]) => name),
);
const nameOf = (text: string): string => text.slice(0, text.indexOf(" "));
/** True for the words of a command that a handler sent, or sent before and is told again. */
export const isCommandText = (text: string): boolean => COMMANDS.has(nameOf(text));

/**
 * All that a run shows, each for itself: answers, results, state, effects, each message with its content, and for each
 * attempt the commands from its beginning, in order, with its last word. Left out is what the order of independent
 * messages decides: which notification came before which, and which of them an attempt was told again.
 */
export function factsOf({ outcome, recorded }: Execution): Set<string> {
  const [answer, ended, puts] = JSON.parse(outcome) as [answer: unknown, ended: unknown, puts: string[]];
  const shown = programAnswer(answer);
  return new Set([
    ...(shown ? resultsIn(shown) : [`the outcome is ${JSON.stringify([answer, ended])}`]),
    ...calls(puts, shown ? recorded : []),
    ...recorded.flatMap(messagesOf),
    ...recorded.map(sequenceOf),
  ]);
}

/** What a program answers, if it is one: other scripts answer what they like. */
function programAnswer(answer: unknown): ProgramAnswer | undefined {
  if (typeof answer !== "string" || !answer.startsWith("{")) return undefined;
  const read = JSON.parse(answer) as Partial<ProgramAnswer>;
  return read.answers && read.results ? (read as ProgramAnswer) : undefined;
}

const resultsIn = ({ answers, killed, results, state }: ProgramAnswer): string[] => [
  ...answers.map(([label, one]) => `the client of ${label} is answered ${JSON.stringify(one)}`),
  ...killed.map((label) => `stuck: ${label}`),
  ...results.map(([target, result]) => `the result of ${target} is ${JSON.stringify(result)}`),
  ...state.map(([object, values]) => `the state of ${object} is ${JSON.stringify(values)}`),
];

/** @param recorded the attempts of a program, whose label is part of what it calls */
function calls(puts: readonly string[], recorded: readonly RecordedAttempt[]): string[] {
  const brokenOff = new Set(recorded.filter((attempt) => !isCalm(attempt)).map(({ target }) => target.split(" ")[1]));
  const isExact = (name: string): boolean =>
    name.startsWith("@") && name.includes("/") && !brokenOff.has(name.slice(1, name.lastIndexOf("/")));
  return [...Map.groupBy(puts, (name) => name)].map(
    ([name, { length }]) => `the external system is called for ${name}, times: ${isExact(name) ? length : "any"}`,
  );
}

/** When an attempt ends otherwise, it is a matter of time which steps are under way, and run again. */
const isCalm = ({ up }: RecordedAttempt): boolean => ["End", "Suspension"].includes(nameOf(up.at(-1) ?? ""));

function messagesOf({ target, down, up }: RecordedAttempt): string[] {
  const told = down.filter((text) => !isCommandText(text) && nameOf(text) !== "Start");
  const said = up.filter((text) => !isCommandText(text) && nameOf(text) !== "Suspension");
  return [...told, ...said].map((text) => `a message of ${target}: ${text}`);
}

const UNFINISHED = "and so on";

function sequenceOf({ target, down, up }: RecordedAttempt): string {
  const commands = [...down, ...up].filter(isCommandText);
  const last = up.at(-1) ?? "";
  const end = LAST.has(nameOf(last)) ? nameOf(last) : UNFINISHED;
  return [`the commands of ${target}:`, ...commands, end].join(" | ");
}
const LAST: ReadonlySet<string> = new Set(["End", "Error", "Suspension"]);

/** True when a fact is among those of the model; what was broken off, also as the beginning of what was not. */
export function isKnown(fact: string, known: ReadonlySet<string>): boolean {
  if (known.has(fact)) return true;
  if (!fact.endsWith(` | ${UNFINISHED}`)) return false;
  const beginning = fact.slice(0, -UNFINISHED.length);
  return [...known].some((one) => one.startsWith(beginning));
}
