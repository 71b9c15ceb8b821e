import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { z } from "zod";
import type { HistoryView } from "../history/index.ts";
import { type Json, Request } from "../plan/index.ts";
import { KindDefinition, plain } from "./definition.ts";
import { OperationDraft } from "./draft.ts";
import { type Kind, kindOf } from "./kind.ts";
import { type Scenario, scenario } from "./scenario.ts";

/** A request that must be refused. */
export const InvalidInput = z.strictObject({
  request: Request,
  /** what is wrong with it: the refusal names it; empty where it is all of the input, which has no name */
  field: z.string(),
});
export interface InvalidInput extends z.infer<typeof InvalidInput> {}

/** The definition of requests that must be refused: what they are stands in the plan. */
export class InvalidInputDefinition extends KindDefinition {
  readonly cases: readonly InvalidInput[];

  /** @param drawn what storms take: by default these cases */
  constructor(
    cases: readonly InvalidInput[],
    drawn: fc.Arbitrary<InvalidInput> = cases.length > 0 ? fc.constantFrom(...cases) : NONE,
  ) {
    super({
      args: drawn,
      request: (args) => InvalidInput.parse(args).request,
      identity: () => undefined,
      // whoever makes a workflow's request again is told that it ran
      failsWith: ({ id, args }, { operations }) =>
        operations.some((other) => other.id !== id && isDeepStrictEqual(other.args, args)) ? [400, 409] : [400],
      interruptions: false,
      accompanies: true,
    });
    this.cases = cases;
  }

  /** All of its requests, each once: reached when each was refused. */
  get scenario(): Scenario {
    const all = this.cases.map(plain);
    const drafts = all.map((args, index): [string, OperationDraft] => [
      `o${index + 1}`,
      new OperationDraft(this, args),
    ]);
    const isRefused = (args: Json, { operations }: HistoryView) =>
      operations.some((one) => one.kind === this.name && one.error && isDeepStrictEqual(one.args, args));
    return scenario(Object.fromEntries(drafts)).reachedWhen((view) => all.every((args) => isRefused(args, view)));
  }

  field(args: Json): string {
    return InvalidInput.parse(args).field;
  }
}

const NONE: fc.Arbitrary<InvalidInput> = fc.constant({ request: { call: "" }, field: "" });

/**
 * Declares a kind of operation whose requests must be refused: with 400, naming the field, and without any effect. The
 * harness checks that itself, and runs each of them once before anything random.
 *
 *     const malformed = invalidInput(
 *       { request: { call: "worker/run", input: { description: "" } }, field: "description" },
 *     );
 */
export const invalidInput = (...cases: readonly InvalidInput[]): Kind<InvalidInput, Json> =>
  kindOf(new InvalidInputDefinition(cases) as KindDefinition<InvalidInput, Json>);

/**
 * A request, each time with another value in one field of its input, which is wrong there.
 *
 *     const task = { id: "@t1", task: "paint" };
 *     const malformed = invalidInput(...withWrong({ front: "POST /tasks" }, task, { id: [""], task: ["", 7, null] }));
 * @param input what the request is made with, and right in all fields
 * @param values by the name of the field
 */
export const withWrong = (
  request: Request,
  input: Readonly<Record<string, Json>>,
  values: Readonly<Record<string, readonly Json[]>>,
): InvalidInput[] =>
  Object.entries(values).flatMap(([field, wrong]) =>
    wrong.map((value) => ({ request: { ...request, input: { ...input, [field]: value } }, field })),
  );
