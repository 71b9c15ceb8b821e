import { z } from "zod";

/**
 * Names a task for ever. It travels as an idempotency key, in a header, which carries printable ASCII only; and in paths,
 * where "." and ".." mean something else.
 */
export const TaskId = z.string().regex(/^(?!\.{1,2}$)[\x21-\x7e]+$/, "must be printable ASCII without blanks");

export const Task = z.object({ id: TaskId, task: z.string().min(1) });
export type Task = z.infer<typeof Task>;

export interface TaskResult {
  id: string;
  result: string;
}
