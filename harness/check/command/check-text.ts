import { readHistory, UnusableHistory } from "../../history/index.ts";
import {
  type JepsenHistory,
  jepsenOf,
  readJepsenEdn,
  readJepsenLines,
  readJepsenLog,
} from "../../interchange/index.ts";
import { ModelFault } from "../model.ts";
import type { Verdict } from "../verdict.ts";
import { catalog, type JudgeOptions } from "./catalog.ts";

export interface Checked {
  /** 0 valid, 1 invalid, 2 unknown, 3 unusable input */
  code: 0 | 1 | 2 | 3;
  /** for people */
  text: string;
  /** what is odd about the history, in sentences */
  warnings: string[];
}

/** Judges the text of a history, in whichever notation it is, by a model of the catalog. */
export async function checkText(model: string, text: string, options: JudgeOptions): Promise<Checked> {
  const judge = Object.hasOwn(catalog, model) ? catalog[model] : undefined;
  if (judge === undefined)
    return refusal(`There is no model "${model}"; there are ${Object.keys(catalog).join(", ")}.`);
  let warnings: string[] = [];
  try {
    const history = read(text);
    warnings = history.warnings;
    const { verdict, report } = await judge(history, options);
    return { code: codes[verdict.verdict], text: report ?? format(verdict, history), warnings };
  } catch (error) {
    if (error instanceof UnusableHistory) return refusal(`The history cannot be used: ${error.message}.`);
    if (error instanceof ModelFault)
      return { code: 2, text: `unknown: ${error.message}: a fault of the model.`, warnings };
    throw error;
  }
}

const refusal = (text: string): Checked => ({ code: 3, text, warnings: [] });

/** Reads JSON lines, ours or the interchange form's, EDN, or a log: the text shows which it is. */
export function read(text: string): JepsenHistory {
  const start = text.trimStart();
  if (start === "") throw new UnusableHistory("it is empty");
  if (/^\{\s*"plan"/.test(start)) {
    const events = jepsenOf(readHistory(text));
    return { events, lines: events.map((_, index) => index + 1), warnings: [] };
  }
  if (/^\{\s*"/.test(start)) return readJepsenLines(text);
  if (/^[{[(#;]/.test(start)) return readJepsenEdn(text);
  const history = readJepsenLog(text);
  if (history.events.length === 0) throw new UnusableHistory("it has no events");
  return history;
}

const codes = { valid: 0, invalid: 1, unknown: 2 } as const;

function format(verdict: Verdict, { events, lines }: JepsenHistory): string {
  if (verdict.verdict === "valid") return "valid";
  if (verdict.verdict === "unknown") return `unknown: ${verdict.reason}`;
  const { summary, expected, seen, events: which, partials } = verdict.evidence;
  const lineOf = (index: number) => {
    const { process, type, f, key, value } = events[index]!;
    const of = key === undefined ? "" : ` ${JSON.stringify(key)}`;
    return `  line ${String(lines[index]).padStart(5)}  process ${process}  ${type.padEnd(6)} ${f}${of} ${JSON.stringify(value)}`;
  };
  const [best] = partials ?? [];
  const order = best === undefined || best.length === 0 ? [] : [shorten(best.map((index) => lines[index]!))];
  return [
    "invalid",
    summary,
    ...(expected === undefined ? [] : [`expected: ${expected}`]),
    ...(seen === undefined ? [] : [`seen: ${seen}`]),
    "",
    "The events that contradict each other:",
    ...which.map(lineOf),
    ...order.map((text) => `\nThe longest order that fits, by the lines of the invocations: ${text}`),
  ].join("\n");
}

function shorten(lines: readonly number[]): string {
  return lines.length <= 30 ? lines.join(" ") : `... ${lines.slice(-30).join(" ")}`;
}
