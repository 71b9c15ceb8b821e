import { z } from "zod";
import { change, type Tag } from "./http.ts";

/** The id is the key of the call that asked for it. */
const Performance = z.object({ id: z.string() });

export const workshop = {
  /** Does a piece of work; what is done cannot be undone. */
  perform: (subtask: string, tag: Tag) => change("workshop", "perform", { subtask }, tag, Performance),
};
