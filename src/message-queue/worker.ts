import * as restate from "@restatedev/restate-sdk";
import { endOnRefusal } from "../external/end-on-refusal.ts";
import { workshop } from "../external/workshop.ts";
import { externalRetries } from "../shared/configuration.ts";
import { spell } from "../shared/spelling.ts";
import { Task, type TaskResult } from "./task.ts";

/** Runs tasks. Invoke it with the task's id as idempotency key, as `TaskQueue` does: then a task runs once. */
export const asyncTaskWorker = restate.service({
  name: "asyncTaskWorker",
  handlers: {
    runTask: restate.handlers.handler(
      { input: restate.serde.schema(Task) },
      async (ctx: restate.Context, { id, task }: Task): Promise<TaskResult> => {
        // the id is the key there as well, so that a call that is made again is recognised
        const perform = () => workshop.perform(task, { key: spell(id), reference: id }).catch(endOnRefusal);
        await ctx.run("perform", perform, externalRetries());
        return { id, result: `${task}: DONE` };
      },
    ),
  },
});
