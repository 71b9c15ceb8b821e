import { z } from "zod";
import { Register, type Thing } from "./register.ts";
import type { ExternalSystem } from "./system.ts";

/** Work that begins with this word cannot be done. */
export const IMPOSSIBLE_SUBTASK = "impossible";

const Work = z.strictObject({ subtask: z.string().min(1) });

/** A workshop: `/workshop/perform {subtask}` does the work at once, as often as it is asked under different keys. */
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
      const { subtask } = read.content;
      if (subtask.startsWith(IMPOSSIBLE_SUBTASK)) return books.refused(call, id, 422, `${subtask} cannot be done`);
      return books.changed(call, { id, state: "performed" }, { subtask });
    },
  };
}
