import { z } from "zod";
import { change, type Tag } from "./http.ts";

const Performed = z.object({ id: z.string() });

/** Whoever does the work of tasks: renders an image, sends a letter. */
export const tasks = {
  /** Does the work at once. The key of the call is the task's id there. */
  perform: (task: string, tag: Tag) => change("tasks", "perform", { task }, tag, Performed),
};
