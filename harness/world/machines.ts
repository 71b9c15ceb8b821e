import { z } from "zod";
import { Register, type Thing } from "./register.ts";
import type { ExternalCall, ExternalSystem, Reaction } from "./system.ts";

/** What the machine heard last. */
type State = "begin" | "done";
interface Machine extends Thing<State> {
  /** the latest transition that it has heard of */
  transition: number;
}
const Report = z.strictObject({
  machine: z.string().min(1),
  transition: z.int().positive(),
  to: z.enum(["UP", "DOWN"]),
});

/**
 * Machines, which are told of their transitions: `/machines/begin {machine, transition, to}`, `/machines/done {machine,
 * transition, to}`. A machine refuses a number that is lower than one that it has heard (fencing), and nothing else:
 * whether what it is told makes sense is judged by the ledger.
 */
export function machines(): ExternalSystem {
  const books = new Register<State, Machine>("machines");

  function tell(call: ExternalCall, state: State): Reaction {
    const read = books.read(call, Report);
    if ("refusal" in read) return read.refusal;
    const { machine: id, transition, to } = read.content;
    const latest = books.get(id)?.transition ?? 0;
    if (transition < latest)
      return books.refused(call, id, 409, `transition ${transition} of ${id} is stale: it has heard of ${latest}`);
    const { reference } = call;
    const machine = books.put({ id, ...(reference === undefined ? {} : { reference }), state, transition });
    return books.changed(call, machine, { transition, to });
  }

  return {
    name: "machines",
    lapse: () => [],
    handle(call) {
      if (call.action === "begin" || call.action === "done") return tell(call, call.action);
      return books.refused(call, call.key ?? "", 404, `machines cannot ${call.action}`);
    },
  };
}
