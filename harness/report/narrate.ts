/** The events of a history in labels. */

import type { HistoryEvent, LedgerEvent } from "../history/index.ts";
import { describeKind, describeRequest, type FaultLabels, type Operation } from "../plan/index.ts";
import { compact, cut } from "./format.ts";

/** What a narrator needs to know besides the event. */
export interface Context {
  operations: readonly Operation[];
  /** what the fault kinds do, as clauses */
  labels?: FaultLabels;
}

/** One sentence that stands alone, for tables and lists: "o2 (client B) is answered true". */
export function narrate(event: HistoryEvent, context: Context): string {
  const { labels = {} } = context;
  switch (event.type) {
    case "invoke": {
      const wire = event.request === undefined ? "" : `: ${describeRequest(event.request)}`;
      return `${whose(event.operation, context)} invokes ${words(event.operation, context)}${wire}`;
    }
    case "ok":
      return `${whose(event.operation, context)} is answered ${compact(event.value, 200)}`;
    case "fail":
      return `${whose(event.operation, context)} is refused with ${event.code}: ${event.message}`;
    case "info":
      return `${whose(event.operation, context)} does not know how it ended: ${event.reason}`;
    case "learned":
      return `afterwards: the invocation of ${event.operation} ${ending(event)}`;
    case "death":
      return `the service process ended: ${event.how}${event.place === undefined ? "" : ` (${event.place})`}`;
    case "recovery":
      return "recovery: all faults are healed, and what is under way is left to end";
    case "fault": {
      // it says what an injection does, and nothing of how it is healed
      const clause = event.phase === "healed" ? undefined : labels[event.kind];
      const phase = event.phase === "missed" ? "never came to its moment" : event.phase;
      return `${event.kind} ${phase}${clause === undefined ? "" : `: ${clause}`}${event.detail === undefined ? "" : ` (${event.detail})`}`;
    }
    case "attempt": {
      const child = event.child === undefined ? "" : `, child ${event.child}`;
      const error = [event.code, event.message].filter((part) => part !== undefined).join(" ");
      return `attempt ${event.attempt} of ${event.target} (${event.operation}${child}) ${attemptPhase[event.phase]}${error === "" ? "" : `: ${error}`}`;
    }
    default: {
      const reference = event.reference === undefined ? "" : ` for ${event.reference}`;
      const by = event.operation === undefined ? "" : `, ${caller(event)}`;
      return `${event.system}: ${event.action} ${event.key}${reference} ${ledgerVerb[event.type]}${by}`;
    }
  }
}

/** A few words for a place that shows already whose event it is, and of which kind. */
export function label(event: HistoryEvent, { operations }: Context): string {
  switch (event.type) {
    case "invoke": {
      const operation = operations.find(({ id }) => id === event.operation);
      if (!operation) return event.operation;
      const text = describeKind(operation);
      return `${operation.id} ${text.length > longestLabel ? operation.kind : text}`;
    }
    case "ok":
      return compact(event.value, 60);
    case "fail":
      return cut(`${event.code} ${event.message}`, 80);
    case "info":
      return cut(event.reason, 80);
    case "learned":
      return cut(`${event.operation} ${ending(event)}`, 80);
    case "death":
      return cut(`the service process ended: ${event.how}`, 80);
    case "recovery":
      return "recovery";
    case "fault":
      return `${event.kind} ${event.phase}${event.detail === undefined ? "" : ` · ${event.detail}`}`;
    case "attempt":
      if (event.phase === "started") return `attempt ${event.attempt}`;
      return cut([event.phase, event.code, event.message].filter((part) => part !== undefined).join(" "), 80);
    default:
      return `${event.action} ${event.key}`;
  }
}

/** The operation that an event speaks of, if it does. */
export function operationOf(event: HistoryEvent): string | undefined {
  return event.type === "fault" || event.type === "recovery" || event.type === "death" ? undefined : event.operation;
}

/** A label leaves out arguments that make it longer. */
const longestLabel = 40;

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

function ending({ outcome }: Extract<HistoryEvent, { type: "learned" }>): string {
  return "value" in outcome
    ? `succeeded with ${compact(outcome.value, 200)}`
    : `failed with ${outcome.code}: ${outcome.message}`;
}

/** "o2 (client B)" */
function whose(id: string, { operations }: Context): string {
  const client = operations.find((operation) => operation.id === id)?.client;
  return client === undefined ? id : `${id} (client ${client})`;
}

/** What an operation does, as a plan says it. */
function words(id: string, { operations }: Context): string {
  const operation = operations.find((candidate) => candidate.id === id);
  return operation === undefined ? "what is not known" : describeKind(operation);
}

function caller({ operation = "nobody", attempt }: LedgerEvent): string {
  return attempt === undefined ? `by ${operation}` : `by attempt ${attempt} of ${operation}`;
}
