import type { Failure } from "../record/index.ts";
import { plural } from "./format.ts";

/** What the real server said of a failure that the simulation found; undefined when it was not asked. */
export function confirmed({ confirmation }: Failure): string | undefined {
  if (confirmation === undefined) return undefined;
  const { failed, of, stack } = confirmation;
  const runs = `${failed} of ${plural(of, "run")} on ${stack}`;
  return failed > 0 ? `confirmed: ${runs}` : `seen only in the model: ${runs}; suspect the model first`;
}
