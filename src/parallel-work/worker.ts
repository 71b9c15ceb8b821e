import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { endOnRefusal } from "../external/end-on-refusal.ts";
import { workshop } from "../external/workshop.ts";
import { externalRetries } from "../shared/configuration.ts";
import { untilSettled } from "../shared/until-settled.ts";
import { Description, Subtask, subtasksOf } from "./description.ts";

const Work = z.object({ description: Description });

/**
 * Has all subtasks of a description done at the same time, and joins their results in the description's order.
 *
 * It ends after the last of them, also when one fails (then with the first failure, in that order) and when it is
 * cancelled: from its answer on nothing happens on its behalf. Subtasks that had not begun when it was cancelled are not
 * done; those that had are finished, and if those are all, so is the work.
 */
async function run(ctx: restate.Context, { description }: z.infer<typeof Work>): Promise<string> {
  const calls = subtasksOf(description).map((subtask) => ctx.serviceClient(worker).runSubtask(subtask));
  // Restate passes a cancellation on to the calls, and each of them ends in its own time
  const ended = await untilSettled(restate.RestatePromise.allSettled(calls));
  const results = ended.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
  return results.join(",");
}

/** Has one subtask done in the workshop, once. It cannot be cancelled any more when it has begun. */
async function runSubtask(ctx: restate.Context, subtask: string): Promise<string> {
  // the key is recorded before it is used: whoever is cancelled before that has asked for nothing
  const key = await ctx.run("begin", () => crypto.randomUUID());
  const tag = { key, reference: ctx.request().id };
  // a call under way cannot be called back, even one of an attempt that is lost: only the answer says what became of it
  await untilSettled(ctx.run("perform", () => workshop.perform(subtask, tag).catch(endOnRefusal), externalRetries()));
  return `${subtask}: DONE`;
}

export const worker = restate.service({
  name: "worker",
  handlers: {
    run: restate.handlers.handler({ input: restate.serde.schema(Work) }, run),
    runSubtask: restate.handlers.handler({ input: restate.serde.schema(Subtask) }, runSubtask),
  },
});
