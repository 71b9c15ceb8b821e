import { z } from "zod";

/**
 * Names a task for ever. It stands in paths as the idempotency key of an invocation, and there Restate takes it
 * literally: an id that must be escaped would be accepted, and its result never found. "." and ".." mean something else.
 */
export const TaskId = z
  .string()
  .regex(/^(?!\.{1,2}$)[\w.~-]+$/, 'must consist of letters and digits of ASCII, "-", ".", "_" and "~"');

export const Task = z.object({ id: TaskId, task: z.string().min(1) });
export type Task = z.infer<typeof Task>;

export interface TaskResult {
  id: string;
  result: string;
}
