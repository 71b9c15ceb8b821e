import { z } from "zod";
import { Register, type Thing } from "./register.ts";
import type { ExternalSystem } from "./system.ts";

/** A task that begins with this word cannot be done. */
export const IMPOSSIBLE_TASK = "impossible";

const Work = z.strictObject({ task: z.string().min(1) });

/** A workshop: `/workshop/perform {task}` does the work at once, as often as it is asked under different keys. */
export function workshop(): ExternalSystem {
  const books = new Register<"performed", Thing<"performed">>("workshop");
  return {
    name: "workshop",
    lapse: () => [],
    handle(call) {
      const id = books.keyOf(call);
      if (call.action !== "perform") return books.refused(call, id, 404, `workshop cannot ${call.action}`);
      const read = books.read(call, Work);
      if ("refusal" in read) return read.refusal;
      const { task } = read.content;
      if (task.startsWith(IMPOSSIBLE_TASK)) return books.refused(call, id, 422, `${task} cannot be done`);
      return books.changed(call, { id, state: "performed" }, { task });
    },
  };
}
