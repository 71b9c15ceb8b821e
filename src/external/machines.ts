import { z } from "zod";
import { encodeId } from "./encode-id.ts";
import { keyHeader, request, type Tag } from "./http.ts";

/** A transition of a machine. A machine refuses what is said about one when it has heard of a later one. */
interface Transition {
  machine: string;
  /** grows with every transition of the machine */
  transition: number;
  to: "UP" | "DOWN";
}
const Machine = z.object({ id: z.string() });

const report = (phase: "begin" | "done", { machine, ...transition }: Transition, { key }: Pick<Tag, "key">) =>
  request(
    {
      system: "machines",
      action: phase,
      method: "POST",
      path: `/machines/${encodeId(machine)}/transitions`,
      headers: keyHeader(key),
      json: { phase, ...transition },
    },
    Machine,
  );

export const machines = {
  begin: (transition: Transition, tag: Pick<Tag, "key">) => report("begin", transition, tag),
  done: (transition: Transition, tag: Pick<Tag, "key">) => report("done", transition, tag),
};
