import { isDeepStrictEqual } from "node:util";
import { UnusableHistory } from "../../history/index.ts";
import { type JepsenHistory, type JepsenOperation, jepsenOperations } from "../../interchange/index.ts";
import type { Json } from "../../plan/index.ts";
import type { Budget } from "../checker.ts";
import { distinctQueue, type QueueOperation } from "../distinct-queue.ts";
import { encode } from "../encode.ts";
import { growOnlySet, type SetOperation } from "../grow-only-set.ts";
import { judge, type RecordedOperation } from "../judge.ts";
import type { Model } from "../model.ts";
import { keyed } from "../models/keyed.ts";
import { type MultiRegisterInput, multiRegister } from "../models/multi-register.ts";
import { mutex } from "../models/mutex.ts";
import { bag, type QueueInput, type QueueOutput, queue } from "../models/queue.ts";
import { type RegisterInput, register } from "../models/register.ts";
import { type TextInput, text } from "../models/text.ts";
import { type WriteOnceInput, type WriteOnceOutput, writeOnce } from "../models/write-once.ts";
import type { Level } from "../transactions/index.ts";
import type { Verdict } from "../verdict.ts";
import { judgeListAppend } from "./list-append.ts";

/**
 * Judges a history of the interchange form. Events are named by their places in it.
 * @throws UnusableHistory for what is no operation of the model
 * @throws ModelFault
 */
export type HistoryJudge = (history: JepsenHistory, options: JudgeOptions) => Promise<Judgement>;

export interface Judgement {
  verdict: Verdict;
  /** the verdict in words, where there is more to say than its evidence does */
  report?: string;
}

export interface JudgeOptions {
  budget: Budget;
  /**
   * A compare-and-set that failed, without an error, found another value. By itself a failure says only that nothing
   * happened, for whatever reason: so it is in Jepsen's histories at large.
   */
  failedCasMeansUnequal?: boolean;
  /** of transactions: the isolation that is asked for, by default the strongest there is */
  level?: Level;
}

/**
 * What a history can be judged by, by name. As Jepsen has it, `fail` means that the operation did not happen, and `info`
 * that it may have, at any later time.
 */
export const catalog: Readonly<Record<string, HistoryJudge>> = {
  /** read and write; nil at first */
  register: by(register(null), (operation, options) =>
    operation.f === "cas" ? undefined : registerAnswer(operation, options),
  ),
  /** read, write and cas [from to]; nil at first */
  "cas-register": by(register(null), registerAnswer),
  /**
   * by key: get, put and append on texts, empty at first; or read, write and cas on registers, nil at first. The key
   * stands by itself or, as Jepsen's independent histories have it, before the value: [key value].
   */
  kv: (history, options) => {
    const texts = history.events.some(({ f }) => f === "get" || f === "put" || f === "append");
    return (texts ? textsByKey : registersByKey)(history, options);
  },
  /** transactions of [:read key value] and [:write key value] that take effect as one; every register holds 0 at first */
  "multi-register": by(multiRegister(0), multiRegisterAnswer),
  /** add, and read of the whole; it never shrinks */
  set: async (history, { budget }) => ({
    verdict: growOnlySet(
      operationsOf(history).flatMap((o) => setOperation(o, history)),
      budget,
    ),
  }),
  /** enqueue, dequeue and drain, first in, first out; nil is dequeued when there is nothing */
  queue: queueJudge(true),
  /** the same, in any order */
  bag: queueJudge(false),
  /** acquire and release; free at first */
  mutex: by(mutex, ({ f, outcome }) =>
    f !== "acquire" && f !== "release"
      ? undefined
      : outcome === "fail"
        ? "nothing"
        : { input: f, output: outcome === "ok" ? null : undefined },
  ),
  /** write and read; what is written first stays; a write may answer what stands */
  "write-once": by(writeOnce, writeOnceAnswer),
  /** transactions of [:append key value] and [:r key list]; lists are empty at first */
  "list-append": judgeListAppend,
};

/** What an operation is to a model: "nothing" when it did not happen or says nothing, undefined when it is none of it. */
type Answer<Input, Output> = { input: Input; output: Output | undefined } | "nothing" | undefined;

function by<State, Input, Output>(
  model: Model<State, Input, Output>,
  answer: (operation: JepsenOperation, options: JudgeOptions) => Answer<Input, Output>,
  standsFor: (operation: JepsenOperation, history: JepsenHistory) => JepsenOperation[] = (operation) => [operation],
): HistoryJudge {
  return async (history, options) => {
    const operations = operationsOf(history).flatMap((operation) => standsFor(operation, history));
    const recorded = operations.flatMap((operation): RecordedOperation<Input, Output>[] => {
      const chosen = answer(operation, options);
      if (chosen === undefined) throw unknown(operation, history, model.name);
      if (chosen === "nothing") return [];
      const { invoke, completion, outcome } = operation;
      const end = outcome === "info" ? undefined : completion;
      return [
        { name: nameOf(operation, history), observed: { ...chosen, call: invoke, return: end }, invoke, completion },
      ];
    });
    return { verdict: await judge(model, recorded, options.budget) };
  };
}

/** Without a search, if that decides it. */
function queueJudge(ordered: boolean): HistoryJudge {
  const search = by(ordered ? queue : bag, queueAnswer, drained);
  return async (history, options) => {
    const operations = operationsOf(history).flatMap((operation) => drained(operation, history));
    const decided = distinctQueue(
      operations.flatMap((operation) => queueOperation(operation, history)),
      ordered,
    );
    return decided ? { verdict: decided } : search(history, options);
  };
}

const registersByKey = by(keyed(register(null)), (operation, options) => withKey(operation, options, registerAnswer));
const textsByKey = by(keyed(text), (operation, options) => withKey(operation, options, textAnswer));

function withKey<Input, Output>(
  operation: JepsenOperation,
  options: JudgeOptions,
  answer: (operation: JepsenOperation, options: JudgeOptions) => Answer<Input, Output>,
): Answer<{ key: string; input: Input }, Output> {
  const { key, input, value } = operation;
  const pair = key === undefined ? input : [key, input];
  if (!Array.isArray(pair) || pair.length !== 2) return undefined;
  const own =
    key === undefined ? { ...operation, input: pair[1]!, value: Array.isArray(value) ? value[1]! : value } : operation;
  const chosen = answer(own, options);
  return typeof chosen === "object"
    ? { ...chosen, input: { key: encode([pair[0]]).slice(1, -1), input: chosen.input } }
    : chosen;
}

function registerAnswer(
  operation: JepsenOperation,
  { failedCasMeansUnequal = false }: JudgeOptions,
): Answer<RegisterInput, Json> {
  const { f, input, outcome, value, error } = operation;
  const known = outcome === "ok";
  switch (f) {
    case "read":
      return known ? { input: { f }, output: value } : "nothing";
    case "write":
      if (contradicts(operation)) return undefined;
      return outcome === "fail" ? "nothing" : { input: { f, value: input }, output: known ? null : undefined };
    case "cas": {
      if (!Array.isArray(input) || input.length !== 2 || contradicts(operation)) return undefined;
      const cas = { f, from: input[0]!, to: input[1]! } as const;
      if (outcome === "fail")
        return failedCasMeansUnequal && error === undefined ? { input: cas, output: false } : "nothing";
      return { input: cas, output: known ? true : undefined };
    }
    default:
      return undefined;
  }
}

function multiRegisterAnswer({ f, input, outcome, value }: JepsenOperation): Answer<MultiRegisterInput, Json> {
  const asked = microOperations(input);
  if (f !== "txn" || asked === undefined) return undefined;
  if (outcome === "fail") return "nothing";
  if (outcome === "info") return { input: asked, output: undefined };
  const answered = microOperations(value);
  const fits =
    answered?.length === asked.length &&
    answered.every(({ f, key, value }, k) => {
      const own = asked[k]!;
      return f === own.f && isDeepStrictEqual(key, own.key) && (f === "read" || isDeepStrictEqual(value, own.value));
    });
  if (!fits) return undefined;
  return { input: asked, output: answered.map(({ value }) => value) };
}

function microOperations(value: Json): MultiRegisterInput | undefined {
  if (!Array.isArray(value)) return undefined;
  const all = value.map((one) => {
    if (!Array.isArray(one) || one.length !== 3) return undefined;
    const [f, key = null, value = null] = one;
    const isRead = f === ":read" || f === ":r" || f === "read" || f === "r";
    if (!isRead && f !== ":write" && f !== ":w" && f !== "write" && f !== "w") return undefined;
    return { f: isRead ? ("read" as const) : ("write" as const), key: encode([key]).slice(1, -1), value };
  });
  return all.every((one) => one !== undefined) ? all : undefined;
}

function textAnswer(operation: JepsenOperation): Answer<TextInput, string> {
  const { f, input, outcome, value } = operation;
  const known = outcome === "ok";
  if (f === "get") {
    if (!known) return "nothing";
    return typeof value === "string" ? { input: { f }, output: value } : undefined;
  }
  if ((f !== "put" && f !== "append") || typeof input !== "string" || contradicts(operation)) return undefined;
  return outcome === "fail" ? "nothing" : { input: { f, value: input }, output: known ? "" : undefined };
}

function queueAnswer(operation: JepsenOperation): Answer<QueueInput, QueueOutput> {
  const { f, input, outcome, value } = operation;
  if (f !== "enqueue" && f !== "dequeue") return undefined;
  if (outcome === "fail") return "nothing";
  const known = outcome === "ok";
  if (f === "enqueue" && contradicts(operation)) return undefined;
  if (f === "enqueue") return { input: { f, value: input }, output: known ? null : undefined };
  return { input: { f }, output: known ? (value === null ? "empty" : { item: value }) : undefined };
}

/** A drain stands for the dequeues of all that it got; nobody knows how many those were if it was never answered. */
function drained(operation: JepsenOperation, history: JepsenHistory): JepsenOperation[] {
  const { f, outcome, value } = operation;
  if (f !== "drain") return [operation];
  if (outcome === "fail") return [];
  if (outcome === "info" || !Array.isArray(value)) throw unknown(operation, history, "queue");
  return value.map((item) => ({ ...operation, f: "dequeue", input: null, value: item }));
}

function queueOperation(operation: JepsenOperation, history: JepsenHistory): QueueOperation[] {
  const answer = queueAnswer(operation);
  if (answer === undefined) throw unknown(operation, history, "queue");
  if (answer === "nothing") return [];
  const { invoke, completion, outcome } = operation;
  const base = { name: nameOf(operation, history), invoke, completion: outcome === "info" ? undefined : completion };
  const { input, output } = answer;
  if (input.f === "enqueue") return [{ ...base, enqueue: input.value }];
  return [{ ...base, dequeue: output ?? undefined }];
}

function writeOnceAnswer({ f, input, outcome, value }: JepsenOperation): Answer<WriteOnceInput, WriteOnceOutput> {
  const known = outcome === "ok";
  if (f === "read") return known ? { input: { f }, output: value === null ? "none" : { value } } : "nothing";
  if (f !== "write") return undefined;
  if (outcome === "fail") return "nothing";
  return { input: { f, value: input }, output: known ? (value === null ? "untold" : { value }) : undefined };
}

function setOperation(operation: JepsenOperation, history: JepsenHistory): SetOperation[] {
  const { f, input, value, outcome, invoke, completion } = operation;
  const base = { name: nameOf(operation, history), invoke, completion: outcome === "ok" ? completion : undefined };
  if (f === "add" && contradicts(operation)) throw unknown(operation, history, "set");
  if (f === "add") return outcome === "fail" ? [] : [{ ...base, add: input }];
  if (f !== "read") throw unknown(operation, history, "set");
  if (outcome !== "ok") return [];
  const elements = typeof value === "object" && value !== null && "#" in value ? value["#"] : value;
  if (!Array.isArray(elements)) throw unknown(operation, history, "set");
  return [{ ...base, read: elements }];
}

/** Whether an operation that answers nothing of its own claims to have done something else than it was asked to. */
function contradicts({ outcome, input, value }: JepsenOperation): boolean {
  return outcome === "ok" && value !== null && !isDeepStrictEqual(value, input);
}

const operationsOf = (history: JepsenHistory) => jepsenOperations(history.events);

function nameOf({ process, invoke }: JepsenOperation, { lines }: JepsenHistory): string {
  return `process ${process}, line ${lines[invoke]}`;
}

function unknown(
  { f, input, value, invoke }: JepsenOperation,
  { lines }: JepsenHistory,
  model: string,
): UnusableHistory {
  const answer = value === null ? "" : ` with ${JSON.stringify(value)}`;
  return new UnusableHistory(
    `${f} of ${JSON.stringify(input)}${answer} is nothing that a ${model} does`,
    lines[invoke],
  );
}
