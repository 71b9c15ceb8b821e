import { z } from "zod";
import { change, type Tag } from "./http.ts";

/** The id is the key of the call that asked for it. */
const Performance = z.object({ id: z.string() });

export const workshop = {
  /** Performs a task; what is done cannot be undone. */
  perform: (task: string, tag: Tag) => change("workshop", "perform", { task }, tag, Performance),
};
