import { z } from "zod";

/** One piece of work. Blanks around it do not belong to it. */
export const Subtask = z.string("subtask must be a text").trim().min(1, "subtask must not be empty");

/**
 * Pieces of work, separated by commas: "sand, paint, sand" names three, two of which happen to be equal. A piece without
 * a name, as in "sand,,paint", "sand," and "", is a slip of whoever wrote it: all of it is refused, nothing is skipped.
 */
export const Description = z
  .string("description must be a text")
  .refine((text) => subtasksOf(text).every((subtask) => subtask !== ""), {
    error: "description must name subtasks, separated by commas, none of them empty",
  });

/** The subtasks that a description names, in its order, equal ones as often as they are there. */
export function subtasksOf(description: string): string[] {
  return description.split(",").map((subtask) => subtask.trim());
}
