import { isDeepStrictEqual } from "node:util";
import type { Json } from "../../plan/index.ts";
import type { Model } from "../model.ts";

export type WriteOnceInput = { f: "write"; value: Json } | { f: "read" };
/** The value that stands after the operation; none as long as nothing was written; "untold" when it does not say. */
export type WriteOnceOutput = { value: Json } | "none" | "untold";

/** A register that keeps what was written first, as a durable promise does; later writes answer what stands. */
export const writeOnce: Model<{ value: Json } | null, WriteOnceInput, WriteOnceOutput> = {
  name: "write-once register",
  init: () => null,
  step(state, input, output) {
    const next = input.f === "write" && state === null ? { value: input.value } : state;
    if (output === undefined || output === "untold") return [next];
    if (output === "none") return next === null ? [next] : [];
    return next !== null && isDeepStrictEqual(next.value, output.value) ? [next] : [];
  },
  reads: ({ f }) => f === "read",
  describe(input, output) {
    const asked = input.f === "read" ? "read()" : `write(${JSON.stringify(input.value)})`;
    if (typeof output === "object") return `${asked} -> ${JSON.stringify(output.value)}`;
    return output === "untold" ? asked : `${asked} -> ${output ?? "?"}`;
  },
  describeState: (state) => (state === null ? "nothing is written" : `it holds ${JSON.stringify(state.value)}`),
};
