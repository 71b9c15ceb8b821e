/**
 * A plan in words, for a person who has never seen its JSON. Operations are numbered by their place in the plan,
 * and faults and pins refer to these numbers.
 */

import type { Call, Direction, Fault, Json, Moment, Operation, Pin, Plan } from "./plan.ts";

/**
 * What a fault kind does, as a clause: "kill-endpoint" -> "the endpoint is killed". A kind without words is called by
 * its name, so a new kind reads well before anyone finds words for it.
 */
export type FaultWords = Readonly<Record<string, string>>;

/** Inputs longer than this are cut: the saved plan has them whole. */
const longestInput = 160;

/** 1 -> "1st", 2 -> "2nd", 11 -> "11th", 23 -> "23rd". */
export function ordinal(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  const suffix = teen ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

/** The number by which a person knows an operation: its place in the plan, from 1; undefined when it is not there. */
export function operationNumber(id: string, plan: Plan): number | undefined {
  const index = plan.operations.findIndex((operation) => operation.id === id);
  return index < 0 ? undefined : index + 1;
}

/** "product/@p1/reserve", or "POST /reserve/@p1/@r1 of app durable-rpc". */
export function describeCall(call: Call): string {
  if ("app" in call) return `${call.handler} of app ${call.app}`;
  return call.key === undefined ? `${call.service}/${call.handler}` : `${call.service}/${call.key}/${call.handler}`;
}

/** "before the invoke of operation 1", "after the 2nd external call of operation 3 is applied, before it is answered". */
export function describeMoment(moment: Moment, plan: Plan): string {
  const operation = reference(moment.operation, plan);
  switch (moment.at) {
    case "operation":
      return `${moment.when} the ${moment.point} of ${operation}`;
    case "effect": {
      const call = `the ${ordinal(moment.call)} external call of ${operation}`;
      return moment.when === "before" ? `before ${call} is applied` : `after ${call} is applied, before it is answered`;
    }
    case "message": {
      const whose = moment.child === undefined ? operation : `the ${ordinal(moment.child)} child of ${operation}`;
      const message = `the ${ordinal(moment.message)} message ${direction[moment.direction]}`;
      return `${moment.when} ${message} of attempt ${moment.attempt} of ${whose}`;
    }
  }
}

/** "client B, after 1: send asyncTaskWorker/runTask with {...}, due after 50 ms, idempotency key @t1". */
export function describeOperation(operation: Operation, plan: Plan): string {
  const after = (operation.after ?? []).map((id) => operationNumber(id, plan) ?? `"${id}"`);
  const who = after.length === 0 ? `client ${operation.client}` : `client ${operation.client}, after ${list(after)}`;
  return [`${who}: ${request(operation, plan)}`, ...details(operation)].join(", ");
}

/** "the endpoint is killed (kill-endpoint) before the 2nd message ...", and when it heals, if the plan says so. */
export function describeFault(fault: Fault, plan: Plan, words: FaultWords = {}): string {
  const clause = words[fault.kind];
  const strikes = clause === undefined ? `${fault.kind} strikes` : `${clause} (${fault.kind})`;
  const heals = fault.heal === undefined ? "" : `; it heals ${describeMoment(fault.heal, plan)}`;
  return `${strikes} ${describeMoment(fault.at, plan)}${heals}`;
}

/** "first after the completion of operation 1, then before the invoke of operation 2": an order that a replay keeps. */
export function describePin(pin: Pin, plan: Plan): string {
  return `first ${describeMoment(pin.first, plan)}, then ${describeMoment(pin.second, plan)}`;
}

/**
 * The whole plan, a line each: "1. client A: ...", "fault: ...", "order kept: ...".
 * An operation whose id does not give its number away is shown with it, as other texts may call it so.
 */
export function describePlan(plan: Plan, words: FaultWords = {}): string[] {
  return [
    ...plan.operations.map((operation, index) => {
      const id = operation.id === `o${index + 1}` ? "" : `[${operation.id}] `;
      return `${index + 1}. ${id}${describeOperation(operation, plan)}`;
    }),
    ...plan.faults.map((fault) => `fault: ${describeFault(fault, plan, words)}`),
    ...(plan.pins ?? []).map((pin) => `order kept: ${describePin(pin, plan)}`),
  ];
}

const direction: Record<Direction, string> = { "to-endpoint": "to the endpoint", "to-server": "to the server" };

/** What a client does, without the details of how. */
function request(operation: Operation, plan: Plan): string {
  const called = operation.call === undefined ? "nothing" : describeCall(operation.call);
  const input = operation.input === undefined ? "" : ` with ${clip(operation.input)}`;
  const other = operation.of === undefined ? "no operation" : reference(operation.of, plan);
  switch (operation.mode) {
    case "call":
      return `call ${called}${input}`;
    case "send":
      return `send ${called}${input}`;
    case "attach":
      return `attach to the invocation of ${other}`;
    case "cancel":
      return `cancel the invocation of ${other}`;
    case "terminate":
      return `terminate the invocation of ${other}`;
  }
}

function details(operation: Operation): string[] {
  const found: string[] = [];
  if (operation.delay !== undefined) found.push(`due after ${operation.delay} ms`);
  if (operation.idempotencyKey !== undefined) found.push(`idempotency key ${operation.idempotencyKey}`);
  const retries = operation.retries ?? 0;
  if (retries > 0)
    found.push(`asking again at most ${retries === 1 ? "once" : `${retries} times`} if the connection breaks`);
  return found;
}

function reference(id: string, plan: Plan): string {
  const number = operationNumber(id, plan);
  return number === undefined ? `operation "${id}" (not in the plan)` : `operation ${number}`;
}

function clip(input: Json): string {
  const text = JSON.stringify(input);
  return text.length <= longestInput ? text : `${text.slice(0, longestInput - 1)}…`;
}

function list(parts: (number | string)[]): string {
  if (parts.length < 2) return parts.join();
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
