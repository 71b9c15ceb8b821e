import { isDeepStrictEqual } from "node:util";
import { UnusableHistory } from "../../history/index.ts";
import { type JepsenHistory, type JepsenOperation, jepsenOperations } from "../../interchange/index.ts";
import type { Json } from "../../plan/index.ts";
import { encode } from "../encode.ts";
import { runCooperatively } from "../search/drive.ts";
import {
  type Level,
  levels,
  type MicroOperation,
  strongest,
  type Transaction,
  TransactionCheck,
  type TransactionFinding,
  titleOf,
} from "../transactions/index.ts";
import type { Judgement, JudgeOptions } from "./catalog.ts";

/**
 * Judges transactions of [:append key value] and [:r key list] by the level of isolation that is asked for.
 * @throws UnusableHistory
 */
export async function judgeListAppend(history: JepsenHistory, options: JudgeOptions): Promise<Judgement> {
  const transactions = jepsenOperations(history.events).map((operation) => transactionOf(operation, history));
  const finding = await runCooperatively(new TransactionCheck(transactions, options));
  return { verdict: finding.verdict, report: report(finding, options.level) };
}

function transactionOf(operation: JepsenOperation, { lines }: JepsenHistory): Transaction {
  const { process, f, input, value, outcome, invoke, completion } = operation;
  const line = lines[invoke];
  const asked = microOperations(input, false);
  if (f !== "txn" || asked === undefined)
    throw new UnusableHistory(
      `${f} of ${JSON.stringify(input)} is no transaction of [append key value] and [r key list]`,
      line,
    );
  const name = `the transaction of process ${process} at line ${line}`;
  const base = { name, process, outcome, invoke, completion };
  if (outcome !== "ok") return { ...base, operations: asked };
  const answered = microOperations(value, true);
  if (answered === undefined || !isAnswer(answered, asked))
    throw new UnusableHistory(`${JSON.stringify(value)} is no answer to ${JSON.stringify(input)}`, line);
  return { ...base, operations: answered };
}

/** @param isAnswer whether it says what was read: nil is the empty list */
function microOperations(value: Json, isAnswer: boolean): MicroOperation[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const all = value.map((one): MicroOperation | undefined => {
    if (!Array.isArray(one) || one.length < 2 || one.length > 3) return undefined;
    const [f, name = null, content = null] = one;
    const key = keyOf(name);
    if (f === ":append" || f === "append") return { f: "append", key, value: content };
    if (f !== ":r" && f !== "r" && f !== ":read" && f !== "read") return undefined;
    if (!isAnswer) return { f: "read", key, value: undefined };
    return content === null || Array.isArray(content) ? { f: "read", key, value: content ?? [] } : undefined;
  });
  return all.every((one) => one !== undefined) ? all : undefined;
}

/** ":x" is a keyword, whose colon is left out. */
const keyOf = (name: Json): string =>
  typeof name === "string" && name.startsWith(":") ? name.slice(1) : encode([name]).slice(1, -1);

function isAnswer(answered: readonly MicroOperation[], asked: readonly MicroOperation[]): boolean {
  const shape = (all: readonly MicroOperation[]) =>
    all.map((one) => (one.f === "append" ? one : { f: one.f, key: one.key }));
  return isDeepStrictEqual(shape(answered), shape(asked));
}

function report(
  { verdict, anomalies, ruledOut, unchecked, complete }: TransactionFinding,
  level: Level = strongest,
): string {
  const possible = levels.filter((one) => !ruledOut.includes(one) && !unchecked.includes(one));
  const lines: string[] = [
    verdict.verdict === "unknown"
      ? `unknown: ${verdict.reason}`
      : `${verdict.verdict}: ${verdict.verdict === "valid" ? "nothing rules out" : "not"} ${level}`,
  ];
  if (ruledOut.length > 0)
    lines.push(`ruled out: ${ruledOut.join(", ")}`, `not ruled out: ${possible.join(", ") || "no level at all"}`);
  if (ruledOut.length > 0 && unchecked.length > 0) lines.push(`not looked at: ${unchecked.join(", ")}`);
  if (!complete && anomalies.length > 0) lines.push("Time ran out: there may be more anomalies than these.");
  for (const { name, story } of anomalies)
    lines.push("", `${name}: ${titleOf(name)}`, ...story.map((sentence) => `  ${sentence}`));
  return lines.join("\n");
}
