import { z } from "zod";
import { keyHeader, request, type Tag } from "./http.ts";

/** The id is the key of the call that asked for it. */
const Job = z.object({ id: z.string() });

export const workshop = {
  /** Performs a task; what is done cannot be undone. */
  perform: (task: string, { key, reference }: Tag) =>
    request(
      {
        system: "workshop",
        action: "perform",
        method: "POST",
        path: "/jobs",
        headers: keyHeader(key),
        json: { task, reference },
      },
      Job,
    ),
};
