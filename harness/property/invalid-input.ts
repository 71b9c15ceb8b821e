import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { Json, Request } from "../plan/index.ts";
import { KindDefinition } from "./definition.ts";
import { type Kind, kindOf } from "./kind.ts";

/** A request that must be refused. */
export interface InvalidInput {
  request: Request;
  /** what is wrong with it: the refusal names it */
  field: string;
}

/** The definition of requests that must be refused: what they are stands in the plan. */
export class InvalidInputDefinition extends KindDefinition<InvalidInput, Json> {
  readonly cases: readonly InvalidInput[];

  constructor(weight: number, cases: readonly InvalidInput[]) {
    super({
      weight,
      args: cases.length > 0 ? fc.constantFrom(...cases) : fc.constant({ request: { call: "" }, field: "" }),
      request: ({ request }) => request,
      identity: () => undefined,
      // whoever makes a workflow's request again is told that it ran
      failsWith: ({ id, args }, { operations }) =>
        operations.some((other) => other.id !== id && isDeepStrictEqual(other.args, args)) ? [400, 409] : [400],
      interruptions: false,
    });
    this.cases = cases;
  }

  field(args: Json): string {
    return isRecord(args) && typeof args.field === "string" ? args.field : "";
  }
}

const isRecord = (value: Json): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Declares a kind of operation whose requests must be refused: with 400, naming the field, and without any effect. The
 * harness checks that itself, and runs each of them once before anything random.
 *
 *     const malformed = invalidInput(
 *       { request: { call: "worker/run", input: { description: "" } }, field: "description" },
 *     );
 */
export const invalidInput = (...cases: readonly InvalidInput[]): Kind<InvalidInput, Json> =>
  kindOf(new InvalidInputDefinition(1, cases));
