import { isDeepStrictEqual } from "node:util";
import { type History, type Performed, performed } from "../history/index.ts";
import type { Json } from "../plan/index.ts";
import type { Checker } from "./checker.ts";
import { eventsOf, invalid, nameOf, say } from "./evidence.ts";

export interface SameAnswer {
  /**
   * Which request an operation makes: those with one id must be answered alike. By default its target and its idempotency
   * key; an `attach` belongs to the request of the operation whose result it waits for.
   */
  request?(one: Performed, history: History): string | undefined;
  /** what it was answered, if that counts: by default the value of a success */
  answer?(one: Performed): Json | undefined;
}

/**
 * Whoever makes the same request gets the same answer, from the same invocation, and the one with which the invocation
 * ended; however often it is made, and whoever lost the answer before.
 */
export function sameAnswer({ request = idempotentRequest, answer = success }: SameAnswer = {}): Checker {
  return (history) => {
    const first = new Map<string, { one: Performed; answer: Json }>();
    const invocations = new Map<string, { one: Performed; invocation: string }>();
    for (const one of performed(history)) {
      const id = one.invoke === undefined ? undefined : request(one, history);
      if (id === undefined) continue;
      for (const value of answersOf(one, answer)) {
        const known = first.get(id);
        if (!known) first.set(id, { one, answer: value });
        else if (!isDeepStrictEqual(known.answer, value)) return differ(known.one, known.answer, one, value);
      }
      const invocation = one.completion?.type === "ok" ? one.completion.invocation : undefined;
      if (invocation === undefined) continue;
      const other = invocations.get(id);
      if (!other) invocations.set(id, { one, invocation });
      else if (other.invocation !== invocation) return differ(other.one, other.invocation, one, invocation);
    }
    return { verdict: "valid" };
  };
}

function answersOf(one: Performed, answer: (one: Performed) => Json | undefined): Json[] {
  const told = answer(one);
  // The acceptance of a one-way call is no answer of the invocation.
  const ended = one.outcome?.status === "succeeded" && one.operation.mode === "call" ? one.outcome.value : undefined;
  return [told, ended].filter((value) => value !== undefined);
}

function differ(a: Performed, first: Json, b: Performed, second: Json) {
  const whose = a === b ? `${nameOf(a)} got ${say(first)}, and its invocation ended with ${say(second)}` : undefined;
  return invalid(
    `One request, two answers: ${whose ?? `${nameOf(a)} got ${say(first)}, and ${nameOf(b)} got ${say(second)}`}.`,
    [...eventsOf(a), ...eventsOf(b)],
    { expected: say(first), seen: say(second) },
  );
}

function idempotentRequest({ operation }: Performed, { plan }: History): string | undefined {
  const made = operation.mode === "attach" ? plan.operations.find(({ id }) => id === operation.of) : operation;
  if (made?.idempotencyKey === undefined || (made.mode !== "call" && operation.mode !== "attach")) return undefined;
  return JSON.stringify([made.call, made.idempotencyKey]);
}

function success({ completion }: Performed): Json | undefined {
  return completion?.type === "ok" ? completion.value : undefined;
}
