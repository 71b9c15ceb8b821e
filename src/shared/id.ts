import { z } from "zod";

/**
 * An id: any text that is not empty, taken as it is. What is no Unicode, half a surrogate pair, is refused: it cannot be
 * sent, and all such halves would become the same replacement character on their way.
 */
export const Id = z
  .string("must be a string")
  .min(1, "must not be empty")
  .refine((id) => id.isWellFormed(), "must be well-formed Unicode");
