import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { calculator } from "../external/calculator.ts";
import { endOnRefusal } from "../external/end-on-refusal.ts";
import { externalRetries } from "../shared/configuration.ts";
import { Id } from "../shared/id.ts";
import { inTurn } from "./in-turn.ts";
import { Priority } from "./queue.ts";

const Operands = z.object({
  left: z.number(),
  right: z.number(),
  priority: Priority,
  /** all wait in one line, unless somebody names another */
  queue: Id.default("myService/expensiveMethod"),
});

/** Has two numbers added by the calculator, which takes only a few orders at a time: the most urgent ones first. */
async function expensiveMethod(
  ctx: restate.Context,
  { left, right, ...turn }: z.infer<typeof Operands>,
): Promise<number> {
  // the same in every attempt, so that a call that is made again is recognised
  const tag = { key: ctx.rand.uuidv4(), reference: ctx.request().id };
  const add = () => calculator.add({ left, right }, tag).catch(endOnRefusal);
  const { sum } = await inTurn(ctx, turn, () => ctx.run("add", add, externalRetries()));
  return sum;
}

export const myService = restate.service({
  name: "myService",
  handlers: {
    expensiveMethod: restate.handlers.handler({ input: restate.serde.schema(Operands) }, expensiveMethod),
  },
});
