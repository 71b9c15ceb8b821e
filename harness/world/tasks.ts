import { z } from "zod";
import { Register, type Thing } from "./register.ts";
import type { ExternalSystem } from "./system.ts";

/** A task that nobody can do. */
export const IMPOSSIBLE_TASK = "impossible";

const Work = z.strictObject({ task: z.string().min(1) });

/** Work that is done as soon as it is asked for: `/tasks/perform {task}`, whose key is the id of the piece of work. */
export function tasks(): ExternalSystem {
  const books = new Register<"performed", Thing<"performed">>("tasks");
  return {
    name: "tasks",
    lapse: () => [],
    handle(call) {
      if (call.action !== "perform") return books.refused(call, call.key ?? "", 404, `tasks cannot ${call.action}`);
      const read = books.read(call, Work);
      if ("refusal" in read) return read.refusal;
      if (read.content.task === IMPOSSIBLE_TASK) return books.refused(call, call.key ?? "", 422, "nobody can do that");
      const { reference } = call;
      const id = books.keyOf(call);
      const done = books.put({ id, ...(reference === undefined ? {} : { reference }), state: "performed" });
      return books.changed(call, done, read.content);
    },
  };
}
