import { z } from "zod";
import { bodyOf, frontApp, idIn } from "../shared/front-app.ts";
import { spell } from "../shared/spelling.ts";
import { Task } from "./task.ts";
import { TaskQueue } from "./task-queue.ts";

/** A hundred years, in milliseconds: Restate's calendar has an end. */
const MOST_DELAY = 100 * 365 * 24 * 60 * 60 * 1000;
const Submission = Task.extend({ delayMs: z.int().nonnegative().max(MOST_DELAY).optional() });

/**
 * The queue's front door. `POST /tasks {id, task, delayMs?}` submits a task and does not wait for it;
 * `GET /tasks/:id` waits for its result. Both can be asked again, in any way and as often as needed.
 */
export const front = frontApp((app) => {
  app.post("/tasks", async (c) => {
    const { delayMs, ...task } = await bodyOf(c, Submission);
    const { invocationId } = await new TaskQueue().submit(task, delayMs);
    const headers = { "x-restate-id": invocationId, location: `/tasks/${spell(task.id)}` };
    return c.json({ id: task.id, invocationId }, 202, headers);
  });
  app.get("/tasks/:id", async (c) => c.json(await new TaskQueue().result(idIn(c, "id"))));
});
