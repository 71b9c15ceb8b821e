import { z } from "zod";
import { Id } from "../shared/id.ts";

export const Task = z.object({ id: Id, task: z.string().min(1) });
export type Task = z.infer<typeof Task>;

export interface TaskResult {
  id: string;
  result: string;
}
