/** A plan in words, for a person who has never seen its JSON. Operations are called by their ids. */

import {
  type Direction,
  type Fault,
  isReferring,
  type Json,
  type Moment,
  type Operation,
  type Order,
  type Plan,
} from "./plan.ts";

/**
 * What a fault kind does, as a clause: "kill-endpoint" -> "the endpoint is killed". A kind without a label is called by
 * its name, so a new kind reads well before anyone describes it.
 */
export type FaultLabels = Readonly<Record<string, string>>;

/** Arguments longer than this are cut: the saved plan has them whole. */
const longestArguments = 160;

/** 1 -> "1st", 2 -> "2nd", 11 -> "11th", 23 -> "23rd". */
export function ordinal(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  const suffix = teen ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

/** `reserve(product: @p1, reservation: @r1)`, `deposit(30)`, `cancel o2`: the kind with its arguments. */
export function describeKind({ kind, args, of, route }: Pick<Operation, "kind" | "args" | "of" | "route">): string {
  if (isReferring(kind)) return `${kind} ${of ?? "nothing"}`;
  const via = route === undefined ? "" : ` via ${route}`;
  return `${kind}(${clip(argumentsOf(args))})${via}`;
}

function argumentsOf(args: Json): string {
  if (args === null) return "";
  if (typeof args !== "object" || Array.isArray(args)) return valueText(args);
  return Object.entries(args)
    .map(([name, value]) => `${name}: ${valueText(value)}`)
    .join(", ");
}

/** Plain words need no quotes. */
const valueText = (value: Json): string =>
  typeof value === "string" && /^[@\w.-]+$/.test(value) ? value : JSON.stringify(value);

const clip = (text: string): string =>
  text.length <= longestArguments ? text : `${text.slice(0, longestArguments - 1)}…`;

/** "before o1 is invoked", "after the 2nd external call of o3 is applied, before it is answered". */
export function describeMoment(moment: Moment): string {
  const { operation } = moment;
  switch (moment.at) {
    case "operation":
      return `${moment.when} ${operation} is ${moment.point === "invoke" ? "invoked" : "answered"}`;
    case "effect": {
      const call = `the ${ordinal(moment.call)} external call of ${operation}`;
      return moment.when === "before" ? `before ${call} is applied` : `after ${call} is applied, before it is answered`;
    }
    case "webhook":
      return `${moment.when} the ${ordinal(moment.number)} webhook of ${operation} is ${moment.when === "before" ? "delivered" : "accepted"}`;
    case "message": {
      const whose = moment.child === undefined ? operation : `the ${ordinal(moment.child)} child of ${operation}`;
      const message = `the ${ordinal(moment.message)} message ${directions[moment.direction]}`;
      return `${moment.when} ${message} of attempt ${moment.attempt} of ${whose}`;
    }
  }
}

const directions: Record<Direction, string> = { "to-endpoint": "to the endpoint", "to-server": "to the server" };

/** "client B, after o1 and before o2 is invoked: reserve(...), asking again at most twice if the connection breaks". */
export function describeOperation(operation: Operation): string {
  const { client, after = [], at, retries = 0 } = operation;
  const when = [
    ...(after.length > 0 ? [`after ${list(after)}`] : []),
    ...(at === undefined ? [] : [describeMoment(at)]),
  ];
  const again =
    retries === 0
      ? ""
      : `, asking again at most ${retries === 1 ? "once" : `${retries} times`} if the connection breaks`;
  return `${[`client ${client}`, ...when].join(", ")}: ${describeKind(operation)}${again}`;
}

/** "the endpoint is killed (kill-endpoint) before the 2nd message ...", and when it heals, if the plan says so. */
export function describeFault({ kind, at, heal }: Fault, labels: FaultLabels = {}): string {
  const clause = labels[kind];
  const what = clause === undefined ? `${kind} is injected` : `${clause} (${kind})`;
  const heals = heal === undefined ? "" : `; it heals ${describeMoment(heal)}`;
  return `${what} ${describeMoment(at)}${heals}`;
}

/** "first after o1 is answered, then before o2 is invoked": an order that a replay enforces. */
export function describeOrder({ first, second }: Order): string {
  return `first ${describeMoment(first)}, then ${describeMoment(second)}`;
}

/** One line of a plan, in two parts: what it is (an operation's id, "fault", "order"), and its words. */
export interface PlanLine {
  lead: string;
  text: string;
}

/** The whole plan, a line for each operation, fault and ordering constraint. */
export function planLines(plan: Plan, labels: FaultLabels = {}): PlanLine[] {
  return [
    ...plan.operations.map((operation) => ({ lead: operation.id, text: describeOperation(operation) })),
    ...plan.faults.map((fault) => ({ lead: "fault", text: describeFault(fault, labels) })),
    ...(plan.happensBefore ?? []).map((order) => ({ lead: "order", text: describeOrder(order) })),
  ];
}

/** The whole plan as text: "o1: client A: ...", "fault: ...", "order: ...". */
export const describePlan = (plan: Plan, labels: FaultLabels = {}): string[] =>
  planLines(plan, labels).map(({ lead, text }) => `${lead}: ${text}`);

function list(parts: string[]): string {
  if (parts.length < 2) return parts.join();
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
