/** The events of a history in words. */

import type { HistoryEvent, LedgerEvent } from "../history/index.ts";
import { describeOperation, type FaultWords, operationNumber, type Plan } from "../plan/index.ts";
import { compact, cut } from "./format.ts";

/** What a narrator needs to know besides the event. */
export interface Context {
  plan: Plan;
  /** what the fault kinds do, as clauses */
  words?: FaultWords;
}

/** One sentence that stands alone, for tables and lists: "operation 2 (client B) is answered true". */
export function narrate(event: HistoryEvent, { plan, words = {} }: Context): string {
  switch (event.type) {
    case "invoke":
      return `${operationName(event.operation, plan)} is invoked: ${request(event.operation, plan)}`;
    case "ok":
      return `${whose(event.operation, plan)} is answered ${compact(event.value, 200)}`;
    case "fail":
      return `${whose(event.operation, plan)} is refused with ${event.status}: ${event.message}`;
    case "info":
      return `${whose(event.operation, plan)} gets no answer: ${event.reason}`;
    case "fault": {
      const clause = words[event.kind];
      const phase = event.phase === "missed" ? "never came to its moment" : event.phase;
      return `${event.kind} ${phase}${clause === undefined ? "" : `: ${clause}`}${event.detail === undefined ? "" : ` (${event.detail})`}`;
    }
    case "attempt": {
      const child = event.child === undefined ? "" : `, child ${event.child}`;
      const error = [event.code, event.message].filter((part) => part !== undefined).join(" ");
      return `attempt ${event.attempt} of ${event.target} (${operationName(event.operation, plan)}${child}) ${attemptPhase[event.phase]}${error === "" ? "" : `: ${error}`}`;
    }
    default: {
      const reference = event.reference === undefined ? "" : ` for ${event.reference}`;
      const by = event.operation === undefined ? "" : `, ${caller(event, plan)}`;
      return `${event.system}: ${event.action} ${event.key}${reference} ${ledgerVerb[event.type]}${by}`;
    }
  }
}

/** A few words for a place that shows already whose event it is, and of which kind. */
export function label(event: HistoryEvent, { plan }: Context): string {
  switch (event.type) {
    case "invoke": {
      const operation = plan.operations.find(({ id }) => id === event.operation);
      const input = operation?.input === undefined ? "" : compact(operation.input);
      const name = `${operationNumber(event.operation, plan) ?? event.operation} ${operation?.kind ?? "?"}`;
      return input === "" || input.length > longestInput ? name : `${name} ${input}`;
    }
    case "ok":
      return compact(event.value, 60);
    case "fail":
      return cut(`${event.status} ${event.message}`, 80);
    case "info":
      return cut(event.reason, 80);
    case "fault":
      return `${event.kind} ${event.phase}${event.detail === undefined ? "" : ` · ${event.detail}`}`;
    case "attempt":
      if (event.phase === "started") return `attempt ${event.attempt}`;
      return cut([event.phase, event.code, event.message].filter((part) => part !== undefined).join(" "), 80);
    default:
      return `${event.action} ${event.key}`;
  }
}

/** "operation 2", or the bare id when the plan does not know it. */
export function operationName(id: string, plan: Plan): string {
  return `operation ${operationNumber(id, plan) ?? `"${id}"`}`;
}

/** The operations that an event speaks of: none or one. */
export function operationOf(event: HistoryEvent): string | undefined {
  return event.type === "fault" ? undefined : event.operation;
}

/** A label leaves out an input that is longer. */
const longestInput = 24;

const attemptPhase = {
  started: "starts",
  ended: "ends",
  suspended: "suspends",
  failed: "fails",
  lost: "is lost",
} as const;

const ledgerVerb: Record<LedgerEvent["type"], string> = {
  effect: "takes effect",
  repeat: "is answered from memory",
  refusal: "is declined",
  lapse: "lapses",
};

function whose(id: string, plan: Plan): string {
  const client = plan.operations.find((operation) => operation.id === id)?.client;
  return client === undefined ? operationName(id, plan) : `${operationName(id, plan)} (client ${client})`;
}

function request(id: string, plan: Plan): string {
  const operation = plan.operations.find((candidate) => candidate.id === id);
  return operation === undefined ? "it is not in the plan" : describeOperation(operation, plan);
}

function caller(event: LedgerEvent, plan: Plan): string {
  const operation = operationName(event.operation ?? "", plan);
  return event.attempt === undefined ? `by ${operation}` : `by attempt ${event.attempt} of ${operation}`;
}
