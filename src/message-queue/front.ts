import * as clients from "@restatedev/restate-sdk-clients";
import { z } from "zod";
import { decodeSegment, refuse } from "../shared/front-app.ts";
import { Task, TaskId } from "./task.ts";
import { TaskQueue } from "./task-queue.ts";

/** A hundred years, in milliseconds: Restate's calendar has an end. */
const MOST_DELAY = 100 * 365 * 24 * 60 * 60 * 1000;
const Submission = Task.extend({ delayMs: z.int().nonnegative().max(MOST_DELAY).optional() });

/**
 * The queue's front door. `POST /tasks {id, task, delayMs?}` submits a task and does not wait for it;
 * `GET /tasks/:id` waits for its result. Both can be asked again, in any way and as often as needed.
 */
export async function front(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/tasks") {
    return request.method === "POST" ? submit(request) : refuse(405, "submit with POST", { allow: "POST" });
  }
  const id = /^\/tasks\/([^/]+)$/.exec(pathname)?.[1];
  if (id === undefined) return refuse(404, "there are only POST /tasks and GET /tasks/:id");
  return request.method === "GET" ? result(id) : refuse(405, "ask with GET", { allow: "GET" });
}

async function submit(request: Request): Promise<Response> {
  const { success, data, error } = Submission.safeParse(await request.json().catch(() => undefined));
  if (!success) return refuse(400, z.prettifyError(error));
  const { delayMs, ...task } = data;
  try {
    const { invocationId } = await new TaskQueue().submit(task, delayMs);
    return Response.json({ id: task.id, invocationId }, { status: 202, headers: { "x-restate-id": invocationId } });
  } catch (error) {
    return failed(error, "it is open whether the task was accepted; submit it again with the same id");
  }
}

async function result(segment: string): Promise<Response> {
  const { success, data: id, error } = TaskId.safeParse(decodeSegment(segment));
  if (!success) return refuse(400, `id: ${z.prettifyError(error)}`);
  try {
    return Response.json(await new TaskQueue().result(id));
  } catch (error) {
    return failed(error, "ask again");
  }
}

function failed(error: unknown, advice: string): Response {
  if (error instanceof clients.HttpCallError && error.status < 500) return refuse(error.status, error.responseText);
  return refuse(503, `no answer: ${advice}`);
}
